import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type RequestEvent, RequestFailure } from '../client/request.ts';
import { ResilientClient } from '../client/resilient-client.ts';
import { CredentialPool } from '../credential/credential-pool.ts';
import { FakeClock } from '../testing/fake-clock.ts';
import { LoopbackTransport } from '../testing/loopback-transport.ts';
import { RecordedLog } from '../testing/recorded-log.ts';
import {
  answer,
  type Behaviour,
  hangUp,
  saysNothing,
  startUpstream,
  type Upstream,
} from '../testing/upstream.ts';
import { Spool } from './spool.ts';
import { ManualStream, pngOf } from './testing/bytes.ts';
import { TestFolder } from './testing/folder.ts';
import { parseMultipart } from './testing/multipart-parser.ts';
import type { UploadEndpoint } from './upload.ts';
import { UploadService, type UploadServiceOptions } from './upload-service.ts';

const png = pngOf(400_000);
const takes: Behaviour = answer(200, {}, '{"id":"file_id_1"}');

const parse: UploadEndpoint['parse'] = (given) => {
  const body = given.json();
  if (typeof body === 'object' && body !== null && 'id' in body && typeof body.id === 'string') {
    return { fileId: body.id, fileUri: `https://files.example/${body.id}` };
  }
  const fields = { code: 'upstream_bad_answer', status: 502, attempts: given.attempts } as const;
  throw new RequestFailure('upload failed: the answer has no id', fields);
};

let folder: TestFolder;
let log: RecordedLog;
let upstream: Upstream;
let client: ResilientClient;

async function service(
  behaviours: readonly Behaviour[],
  options: Partial<UploadServiceOptions> = {},
): Promise<UploadService> {
  upstream = await startUpstream(...behaviours);
  const transport = new LoopbackTransport();
  client = new ResilientClient({
    transports: { isolated: transport, shared: transport },
    policy: { backoffBaseMs: 1, backoffMaxMs: 2 },
    logger: log,
  });
  const endpoint: UploadEndpoint = {
    url: upstream.url,
    fields: { purpose: 'assistants', expires_after: '3600' },
    fileField: 'file',
    parse,
  };
  return new UploadService({
    client,
    endpoint,
    logger: log,
    spoolDirectory: folder.path,
    spoolMemoryBytes: 1_000,
    ...options,
  });
}

/** The file of the form that arrived as request `index`. */
function arrived(index: number): {
  readonly fields: string[];
  readonly file: Buffer;
  readonly filename: string;
} {
  const request = upstream.seen[index];
  const parts = parseMultipart(request?.headers['content-type'] ?? '', request?.body ?? Buffer.alloc(0));
  const file = parts.at(-1);
  if (file?.filename === undefined) throw new Error('the last part is not a file');
  const fields = parts.slice(0, -1).map((part) => `${part.name}=${part.content.toString()}`);
  return { fields, file: file.content, filename: file.filename };
}

beforeEach(async () => {
  folder = await TestFolder.make();
  log = new RecordedLog();
});

afterEach(async () => {
  await client.close();
  await upstream.close();
  expect(await folder.openFiles()).toBe(0);
  await folder[Symbol.asyncDispose]();
});

describe('how long an upload took', () => {
  const clock = new FakeClock();
  const takesAWhile: Behaviour = (response, request) => {
    clock.advance(700);
    takes(response, request);
  };

  test('is the upstream’s time alone when the input was whole', async () => {
    const uploads = await service([takesAWhile], { clock });
    const result = await uploads.upload({ bytes: png }, 'key');
    expect([result.durationMs, result.upstreamMs]).toEqual([700, 700]);
  });

  test('is told apart from the time in which the input still came in', async () => {
    const uploads = await service([takesAWhile], { clock });
    const stream = new ManualStream();
    stream.push(png);
    const uploading = uploads.upload({ stream }, 'key');
    await upstream.untilReceived(png.byteLength);
    clock.advance(5_000);
    stream.push('end');
    const result = await uploading;
    expect([result.durationMs, result.upstreamMs]).toEqual([5_700, 700]);
  });

  test('is the upstream’s time with its failures and retries', async () => {
    const fails: Behaviour = (response, request) => {
      clock.advance(300);
      answer(503, {}, '')(response, request);
    };
    const uploads = await service([fails, takesAWhile], { clock });
    const result = await uploads.upload({ bytes: png }, 'key');
    expect([result.durationMs, result.upstreamMs, result.attempts.length]).toEqual([1_000, 1_000, 2]);
  });
});

describe('an upload that arrives', () => {
  test('gives the file id, says so in the log, and sent every field before the file', async () => {
    const uploads = await service([takes]);
    const path = join(folder.path, 'photo.jpg');
    await writeFile(path, png);
    const result = await uploads.upload({ path }, 'key-1', { logFields: { requestId: 'r1' } });
    expect(result).toMatchObject({
      fileId: 'file_id_1',
      fileUri: 'https://files.example/file_id_1',
      filename: 'photo.jpg',
      bytes: png.byteLength,
      attempts: [{ attempt: 1, status: 200 }],
      exchange: { protocol: 'http/1.1' },
      credential: 'default',
    });
    const { fields, file, filename } = arrived(0);
    expect(fields).toEqual(['purpose=assistants', 'expires_after=3600']);
    expect(file.equals(png)).toBe(true);
    expect(filename).toBe('photo.jpg');
    expect(upstream.seen[0]?.headers).toMatchObject({
      authorization: 'Bearer key-1',
      'content-length': String(upstream.seen[0]?.body.byteLength),
    });
    const success = log.lines.find((line) => line.message === 'Upload success: photo.jpg -> file_id_1');
    expect(success).toMatchObject({
      level: 'info',
      fields: { requestId: 'r1', bytes: png.byteLength, attempts: 1, credential: 'default' },
    });
    expect(JSON.stringify(log.lines)).not.toContain('key-1');
  });

  test('whose connection is cut arrives on the second attempt, from its first byte', async () => {
    const uploads = await service([hangUp, takes]);
    const events: RequestEvent['type'][] = [];
    const result = await uploads.upload(
      {
        stream: (async function* () {
          yield png;
        })(),
      },
      'key',
      { onEvent: (event) => events.push(event.type) },
    );
    expect(result.attempts).toHaveLength(2);
    expect(arrived(0).file.equals(png)).toBe(true);
    expect(arrived(1).file.equals(png)).toBe(true);
    expect(events).toEqual(expect.arrayContaining(['attempt-started', 'attempt-ended', 'retry']));
    expect(log.messages().at(-1)).toBe('Upload success: image.png -> file_id_1');
  });

  test('is at the upstream while its spool still grows', async () => {
    const uploads = await service([takes]);
    await using spool = new Spool({ directory: folder.path, memoryBytes: 1_000 });
    await spool.write(png.subarray(0, 300_000));
    const uploading = uploads.upload({ spool }, 'key');
    await upstream.untilReceived(300_000);
    expect(spool.byteLength).toBeUndefined();
    await spool.write(png.subarray(300_000));
    spool.end();
    expect((await uploading).bytes).toBe(png.byteLength);
    expect(arrived(0).file.equals(png)).toBe(true);
    await spool[Symbol.asyncDispose]();
  });

  test('takes another key when the first is refused, and says which one owns the file', async () => {
    const uploads = await service([answer(401), takes]);
    const keys = new CredentialPool([
      { alias: 'old', secret: 's1' },
      { alias: 'new', secret: 's2' },
    ]);
    const result = await uploads.upload({ bytes: png }, keys);
    const first = result.attempts[0]?.credential;
    expect(result.credential).not.toBe(first);
    expect(result.attempts.map((attempt) => attempt.status)).toEqual([401, 200]);
  });
});

describe('an upload that is given up', () => {
  test('says why in the log, with the number of attempts', async () => {
    const uploads = await service([hangUp]);
    const failing = uploads.upload({ bytes: png, filename: 'photo.jpg' }, 'key');
    await expect(failing).rejects.toMatchObject({ code: 'upstream_transport', status: 502 });
    const line = log.lines.at(-1);
    expect(line?.level).toBe('error');
    expect(line?.message).toMatch(/^Upload failed after retries: the connection or stream was reset/);
    expect(line?.fields).toMatchObject({ filename: 'photo.jpg', code: 'upstream_transport' });
  });

  test('because of a final status keeps that status', async () => {
    const uploads = await service([answer(413)]);
    await expect(uploads.upload({ bytes: png }, 'key')).rejects.toMatchObject({
      code: 'upstream_status',
      status: 413,
    });
    expect(log.messages().at(-1)).toContain('Upload failed after retries: the upstream answered 413');
  });

  test.each([
    ['empty', '', 'an empty body'],
    ['no JSON', '<html>', 'not JSON'],
    ['without the id', '{}', 'no id'],
  ])('because the answer is %s names that', async (_what, body, words) => {
    const uploads = await service([answer(200, {}, body)]);
    const failing = uploads.upload({ bytes: png }, 'key');
    await expect(failing).rejects.toMatchObject({
      code: 'upstream_bad_answer',
      message: expect.stringContaining(words),
    });
  });
});

describe('an input at fault', () => {
  test('that is too large fails with its own error and no word about the upstream', async () => {
    const uploads = await service([takes], { maxFileBytes: 1_000 });
    await expect(uploads.upload({ bytes: png }, 'key')).rejects.toMatchObject({ code: 'too_large' });
    expect(upstream.seen).toHaveLength(0);
    expect(log.lines).toEqual([]);
  });

  test('that breaks off while it is sent fails with its own error and never arrives', async () => {
    const uploads = await service([takes]);
    const stream = new ManualStream();
    stream.push(png);
    const gone = new Error('the client went away');
    const uploading = expect(
      uploads.upload({ stream }, 'key', {
        onEvent: (event) => {
          if (event.type === 'bytes-sent') stream.push({ error: gone });
        },
      }),
    ).rejects.toBe(gone);
    await uploading;
    expect(upstream.seen).toHaveLength(0);
    expect(log.messages().filter((message) => message.startsWith('Upload'))).toEqual([]);
  });

  test('that points into our own network is refused', async () => {
    const uploads = await service([takes]);
    const failing = uploads.upload({ url: upstream.url }, 'key');
    await expect(failing).rejects.toMatchObject({ code: 'url_not_allowed' });
    expect(upstream.seen).toHaveLength(0);
  });
});

describe('an upload that is stopped', () => {
  test('while its first bytes are awaited is aborted, without a line that it failed', async () => {
    const uploads = await service([takes]);
    const abort = new AbortController();
    const stream = new ManualStream();
    const uploading = expect(
      uploads.upload({ stream }, 'key', { signal: abort.signal }),
    ).rejects.toMatchObject({ code: 'aborted', status: 499 });
    abort.abort();
    await uploading;
    expect(stream.left).toBe(true);
    expect(log.lines).toEqual([]);
  });

  test('while its input is silent in the middle is aborted and lets the input go', async () => {
    const uploads = await service([takes]);
    const abort = new AbortController();
    const stream = new ManualStream();
    stream.push(png);
    const uploading = expect(
      uploads.upload({ stream }, 'key', { signal: abort.signal }),
    ).rejects.toMatchObject({ code: 'aborted', status: 499 });
    await upstream.untilReceived(png.byteLength);
    abort.abort();
    await uploading;
    expect(stream.left).toBe(true);
    expect(upstream.seen).toHaveLength(0);
  });

  test('while the upstream says nothing is aborted', async () => {
    const uploads = await service([saysNothing]);
    const abort = new AbortController();
    const uploading = expect(
      uploads.upload({ bytes: png }, 'key', { signal: abort.signal }),
    ).rejects.toMatchObject({ code: 'aborted' });
    await upstream.untilSeen(1);
    abort.abort();
    await uploading;
  });

  test('by its deadline while its first bytes are awaited is a deadline, and leaves no timer', async () => {
    const clock = new FakeClock();
    const uploads = await service([takes], { clock });
    const stream = new ManualStream();
    const uploading = expect(uploads.upload({ stream }, 'key', { deadlineMs: 5_000 })).rejects.toMatchObject({
      code: 'deadline_exceeded',
      status: 504,
    });
    await clock.untilPending();
    clock.advance(5_000);
    await uploading;
    expect(clock.pending).toBe(0);
    expect(stream.left).toBe(true);
  });
});
