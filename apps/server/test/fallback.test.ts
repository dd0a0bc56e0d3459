import { afterEach, expect, test } from 'vitest';
import { type Ferry, startFerry } from './support/ferry.ts';
import { form, picture, post, type Reply } from './support/form.ts';
import { UPLOADS } from './support/simulator-control.ts';

let ferry: Ferry;
const start = async (env: Readonly<Record<string, string>>): Promise<void> => {
  ferry = await startFerry({ env: { FERRY_RETRY__RETRY_BACKOFF_BASE: '0.01', ...env } });
};
afterEach(() => ferry[Symbol.asyncDispose]());

const edit = (): Promise<Reply> => post(ferry.url, form({ prompt: 'x', image: picture() }));
const upload = (reply: Reply) => {
  const [first] = reply.body.uploads ?? [];
  return [reply.status, first?.connection.protocol, first?.attempts];
};
const log = (): string => ferry.process.messages().join('\n');

test('an upstream that requires HTTP/1.1 gets it on the next attempt, and at once from then on', async () => {
  await start({});
  await ferry.simulator.fault({
    match: { protocol: 'h2' },
    count: 'forever',
    fault: { kind: 'rst', code: 'HTTP_1_1_REQUIRED', when: 'before' },
  });
  expect(upload(await edit())).toEqual([200, 'http/1.1', 2]);
  expect(upload(await edit())).toEqual([200, 'http/1.1', 1]);
  expect(log()).toMatch(/^Falling back to HTTP\/1\.1 for https:\/\/.*: http1-required$/m);
});

test('an upstream whose HTTP/2 fails half the time is spoken to over HTTP/1.1, and over HTTP/2 again when that works', async () => {
  await start({ FERRY_FALLBACK__MIN_REQUESTS: '2', FERRY_FALLBACK__HOLD_S: '0.5' });
  await ferry.simulator.fault({
    match: { path: UPLOADS, protocol: 'h2' },
    count: 2,
    fault: { kind: 'rst', code: 'INTERNAL_ERROR', when: 'middle' },
  });
  expect(upload(await edit())).toEqual([200, 'http/1.1', 3]);
  expect(log()).toMatch(/: failure-rate$/m);
  await expect.poll(async () => upload(await edit()), { timeout: 10_000 }).toEqual([200, 'h2', 1]);
  expect(log()).toMatch(/^Trying HTTP\/2 again for /m);
  expect(log()).toMatch(/^HTTP\/2 works again for /m);
});
