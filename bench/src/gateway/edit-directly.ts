import https from 'node:https';
import type { LoadOrder } from './load.ts';
import type { SendBatch } from './measure-load.ts';

const BOUNDARY = 'ferry-bench-boundary';
const AUTHORIZATION = { authorization: 'Bearer bench' };

/**
 * What the gateway does for a request and nothing else: the upload, and the edit that names it, over connections that stay open.
 * HTTP/1.1, since nothing but the road limits it: HTTP/2 would be held up by the server's window.
 */
export function editDirectly(
  { origin, caPem, atOnce }: Pick<LoadOrder, 'origin' | 'caPem' | 'atOnce'>,
  image: Buffer<ArrayBuffer>,
): SendBatch {
  const agent = new https.Agent({ keepAlive: true, ca: caPem });
  const body = uploadForm(image);
  return async (each, onAnswer, signal) => {
    const post = postTo(origin, agent, signal);
    const one = async (): Promise<void> => {
      for (let sent = 0; sent < each && !signal.aborted; sent += 1) {
        const since = performance.now();
        const latencyMs = await edit(post, body).then(
          () => performance.now() - since,
          () => undefined,
        );
        onAnswer(latencyMs);
      }
    };
    await Promise.all(Array.from({ length: atOnce }, one));
  };
}

type Post = (path: string, contentType: string, body: Buffer) => Promise<string>;

async function edit(post: Post, form: Buffer): Promise<void> {
  const uploaded = await post('/v1/files', `multipart/form-data; boundary=${BOUNDARY}`, form);
  const { id } = JSON.parse(uploaded) as { id: string };
  const order = {
    model: 'grok-imagine-image',
    prompt: 'grayscale',
    n: 1,
    // As the gateway asks, so that the answers are equally large.
    response_format: 'b64_json',
    image: { file_id: id },
  };
  const edited = JSON.parse(
    await post('/v1/images/edits', 'application/json', Buffer.from(JSON.stringify(order))),
  ) as { data: object[] };
  if (edited.data.length !== 1) throw new Error('the edit has no image');
}

function uploadForm(image: Buffer): Buffer {
  const head = [
    `--${BOUNDARY}\r\ncontent-disposition: form-data; name="purpose"\r\n\r\nassistants\r\n`,
    `--${BOUNDARY}\r\ncontent-disposition: form-data; name="file"; filename="photo.jpg"\r\n`,
    'content-type: image/jpeg\r\n\r\n',
  ].join('');
  return Buffer.concat([Buffer.from(head), image, Buffer.from(`\r\n--${BOUNDARY}--\r\n`)]);
}

function postTo(origin: string, agent: https.Agent, signal: AbortSignal): Post {
  return (path, contentType, body) =>
    new Promise((resolve, reject) => {
      const headers = {
        ...AUTHORIZATION,
        'content-type': contentType,
        'content-length': body.byteLength,
      };
      const options = { method: 'POST', agent, headers, signal };
      const request = https.request(new URL(path, origin), options, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.once('error', reject);
        response.once('end', () => {
          const text = Buffer.concat(chunks).toString();
          if (response.statusCode === 200) resolve(text);
          else reject(new Error(`${path}: ${response.statusCode}`));
        });
      });
      request.once('error', reject);
      request.end(body);
    });
}
