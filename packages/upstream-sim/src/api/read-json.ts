import type { Readable } from 'node:stream';
import type { ApiRequest } from './answer.ts';
import { ApiError, badRequest } from './api-error.ts';

/**
 * The JSON body of a request.
 * @throws ApiError 415 for another content type, 413 above `maxBytes`, 400 when it is not JSON.
 */
export async function readJson({ body, headers }: ApiRequest, maxBytes: number): Promise<unknown> {
  if (!/^application\/json\b/i.test(headers['content-type'] ?? '')) {
    throw new ApiError('Expected content-type application/json', {
      status: 415,
      code: 'unsupported_media_type',
    });
  }
  const text = (await readBytes(body, maxBytes)).toString('utf8');
  try {
    return JSON.parse(text);
  } catch {
    throw badRequest('body', 'The body is not JSON');
  }
}

async function readBytes(body: Readable, maxBytes: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  // The stream must survive a refusal: what follows is drained, so that the connection can be used again.
  for await (const chunk of body.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes) {
      throw new ApiError(`The body is larger than ${maxBytes} bytes`, {
        status: 413,
        code: 'request_too_large',
        param: 'body',
      });
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
