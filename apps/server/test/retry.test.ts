import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type Ferry, startFerry } from './support/ferry.ts';
import { bytesOf, form, picture, post, type Reply, ROCKET } from './support/form.ts';
import { EDITS, UPLOADS } from './support/simulator-control.ts';

let ferry: Ferry;
beforeAll(async () => {
  // Short waits, so that the log's own wording is what is waited for and not the clock.
  ferry = await startFerry({ env: { FERRY_RETRY__RETRY_BACKOFF_BASE: '0.01' } });
});
afterAll(() => ferry[Symbol.asyncDispose]());
beforeEach(() => ferry.simulator.reset());

const edit = (): Promise<Reply> => post(ferry.url, form({ prompt: 'x', image: picture() }));
const messages = (reply: Reply): string[] =>
  ferry.process.messages(String(reply.headers.get('x-request-id')));
const onUploads = { path: UPLOADS };
const onEdits = { path: EDITS };

test('an upload whose stream is reset with PROTOCOL_ERROR arrives on the second attempt, and the log says so', async () => {
  await ferry.simulator.fault({
    match: onUploads,
    fault: { kind: 'rst', code: 'PROTOCOL_ERROR', when: 'middle' },
  });
  const reply = await edit();
  expect(reply.status).toBe(200);
  expect(reply.body.uploads?.[0]?.attempts).toBe(2);
  const log = messages(reply).join('\n');
  expect(log).toMatch(/^HTTP\/2 error during upload: .*PROTOCOL_ERROR/m);
  expect(log).toMatch(/^Retry 1\/3 for status 502, waiting \d+(\.\d+)?m?s$/m);
  expect(log).toMatch(/^Retry succeeded after 1 attempts$/m);
  expect(log).toMatch(/^Upload success: rocket\.jpg -> file-/m);
  const uploads = await ferry.simulator.requests(UPLOADS);
  expect(uploads.map(({ outcome }) => outcome)).toEqual(['faulted', 'answered']);
  expect(new Set(uploads.map(({ connectionId }) => connectionId)).size).toBe(2);
  expect(uploads[1]?.work?.file?.bytes).toBe(bytesOf(ROCKET).byteLength);
});

test('an upload that is never taken is 502 with its attempts, and the log says that it failed', async () => {
  await ferry.simulator.fault({
    match: onUploads,
    count: 'forever',
    fault: { kind: 'status', status: 502, when: 'after-body', body: '<html>Bad gateway</html>' },
  });
  const reply = await edit();
  expect([reply.status, reply.body.error?.code]).toEqual([502, 'upstream_status']);
  expect(reply.body.error?.message).not.toContain('html');
  expect(reply.body.attempts).toHaveLength(4);
  expect(messages(reply).some((msg) => msg.startsWith('Upload failed after retries: '))).toBe(true);
  expect(await ferry.simulator.requests(EDITS)).toEqual([]);
});

test('an edit that may have been acted upon is not sent again, and the caller is told not to', async () => {
  await ferry.simulator.fault({
    match: onEdits,
    fault: { kind: 'rst', code: 'PROTOCOL_ERROR', when: 'after-body' },
  });
  const reply = await edit();
  expect([reply.status, reply.body.error?.code]).toEqual([502, 'upstream_unknown_outcome']);
  expect(reply.headers.get('x-should-retry')).toBe('false');
  const edits = await ferry.simulator.requests(EDITS);
  expect(edits.map(({ work }) => work?.images)).toEqual([1]);
});

test.each([
  { status: 408, shouldRetry: 'false', why: 'it may have been made, and took too long' },
  { status: 425, shouldRetry: null, why: 'nothing was done' },
])(
  'an edit that is answered $status is not sent again, and x-should-retry is $shouldRetry: $why',
  async ({ status, shouldRetry }) => {
    await ferry.simulator.fault({ match: onEdits, fault: { kind: 'status', status, when: 'after-body' } });
    const reply = await edit();
    expect([reply.status, reply.body.error?.code]).toEqual([502, 'upstream_status']);
    expect(reply.headers.get('x-should-retry')).toBe(shouldRetry);
    expect(await ferry.simulator.requests(EDITS)).toHaveLength(1);
  },
);

test('an edit that left whole is not sent again after REFUSED_STREAM, which a proxy may have made up', async () => {
  await ferry.simulator.fault({
    match: onEdits,
    fault: { kind: 'rst', code: 'REFUSED_STREAM', when: 'after-body' },
  });
  const reply = await edit();
  expect([reply.status, reply.body.error?.code]).toEqual([502, 'upstream_unknown_outcome']);
  expect(await ferry.simulator.requests(EDITS)).toHaveLength(1);
});

test('an edit that the upstream refused goes again where its refusals are trusted', async () => {
  await using trusting = await startFerry({
    env: { FERRY_RETRY__RETRY_BACKOFF_BASE: '0.01', FERRY_RETRY__TRUST_REFUSED_STREAM: 'true' },
  });
  await trusting.simulator.fault({
    match: onEdits,
    fault: { kind: 'rst', code: 'REFUSED_STREAM', when: 'after-body' },
  });
  const reply = await post(trusting.url, form({ prompt: 'x', image: picture() }));
  expect(reply.status).toBe(200);
  expect((await trusting.simulator.requests(EDITS)).map(({ outcome }) => outcome)).toEqual([
    'faulted',
    'answered',
  ]);
});

test('an edit waits for an upstream that says when it is back, unless an operator does not trust that', async () => {
  const back = { kind: 'status', status: 503, when: 'after-body', headers: { 'retry-after-ms': '5' } };
  await ferry.simulator.fault({ match: onEdits, fault: back });
  expect((await edit()).status).toBe(200);
  await using wary = await startFerry({ env: { FERRY_RETRY__TRUST_UNAVAILABLE: 'false' } });
  await wary.simulator.fault({ match: onEdits, fault: back });
  const reply = await post(wary.url, form({ prompt: 'x', image: picture() }));
  expect([reply.status, reply.body.error?.code]).toEqual([503, 'upstream_unavailable']);
  expect(reply.headers.get('x-should-retry')).toBe('false');
  expect(await wary.simulator.requests(EDITS)).toHaveLength(1);
});

test('an edit whose fate is unknown, or that failed inside the upstream, goes again where an operator accepts to pay twice', async () => {
  await using daring = await startFerry({
    env: {
      FERRY_RETRY__RETRY_BACKOFF_BASE: '0.01',
      FERRY_RETRY__EDIT_RETRY_UNKNOWN: 'true',
      FERRY_RETRY__EDIT_RETRY_STATUS_CODES: '500',
    },
  });
  for (const fault of [
    { kind: 'rst', code: 'INTERNAL_ERROR', when: 'after-body' },
    { kind: 'status', status: 500, when: 'after-body' },
  ]) {
    await daring.simulator.reset();
    await daring.simulator.fault({ match: onEdits, fault });
    const reply = await post(daring.url, form({ prompt: 'x', image: picture() }));
    expect(reply.status).toBe(200);
    expect(await daring.simulator.requests(EDITS)).toHaveLength(2);
  }
});

test.each([
  {
    upstream: 400,
    body: '{"error":{"message":"the prompt is odd","type":"invalid_request_error"}}',
    status: 400,
    code: 'upstream_rejected',
  },
  {
    upstream: 400,
    body: '{"code":"x","error":"Generated image rejected by content moderation."}',
    status: 400,
    code: 'content_blocked',
  },
  { upstream: 401, body: '{"error":"Incorrect API key xai-abcdefgh"}', status: 502, code: 'upstream_auth' },
  { upstream: 413, body: '', status: 413, code: 'upstream_too_large' },
  { upstream: 404, body: '', status: 502, code: 'upstream_status' },
  { upstream: 500, body: '', status: 502, code: 'upstream_status' },
  { upstream: 200, body: '{"data":[]}', status: 502, code: 'upstream_bad_answer' },
  { upstream: 200, body: 'oops', status: 502, code: 'upstream_bad_answer' },
])(
  'an upstream that answers the edit with $upstream $body is $status $code',
  async ({ upstream, body, status, code }) => {
    await ferry.simulator.fault({
      match: onEdits,
      count: 'forever',
      fault: { kind: 'status', status: upstream, when: 'after-body', body },
    });
    const reply = await edit();
    expect([reply.status, reply.body.error?.code]).toEqual([status, code]);
    expect(JSON.stringify(reply.body)).not.toContain('xai-abcdefgh');
    expect(await ferry.simulator.requests(EDITS)).toHaveLength(1);
  },
);

test('an upstream that limits the rate for longer than we wait is 429 with its own retry-after', async () => {
  await ferry.simulator.fault({
    match: onUploads,
    count: 'forever',
    fault: { kind: 'status', status: 429, when: 'after-body', headers: { 'retry-after': '120' } },
  });
  const reply = await edit();
  expect([reply.status, reply.body.error?.type, reply.headers.get('retry-after')]).toEqual([
    429,
    'rate_limit_error',
    '120',
  ]);
});

test('a request that takes too long is 504 and cancels its work upstream', async () => {
  await using slow = await startFerry({ env: { FERRY_SERVER__DEADLINE_MS: '4000' } });
  await slow.simulator.fault({ match: onEdits, fault: { kind: 'silence', readBody: true } });
  const reply = await post(slow.url, form({ prompt: 'x', image: picture() }));
  expect([reply.status, reply.body.error?.code]).toEqual([504, 'deadline_exceeded']);
  expect(reply.headers.get('x-should-retry')).toBe('false');
  expect((await slow.simulator.requests(EDITS)).map(({ outcome }) => outcome)).not.toContain('answered');
});
