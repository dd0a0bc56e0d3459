import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DEFAULT_RETRY_POLICY } from '@ferry/core';
import { expect, test } from 'vitest';
import { fetchLinked, type LinkOptions } from './linked-image.ts';

type Behaviour = (response: ServerResponse) => void;

const PICTURE = 'the bytes of a picture';
const whole: Behaviour = (response) => response.end(PICTURE);
const reset: Behaviour = (response) => response.socket?.resetAndDestroy();
const status =
  (code: number): Behaviour =>
  (response) =>
    response.writeHead(code).end();
const broken: Behaviour = (response) => {
  response.writeHead(200, { 'content-length': '1000' });
  response.write('half', () => response.socket?.resetAndDestroy());
};

/** A site on loopback that does this with one request after the other, and the last of them for ever. */
async function site(...behaviours: readonly Behaviour[]) {
  let asked = 0;
  const server = createServer((_request, response) => {
    behaviours[Math.min(asked, behaviours.length - 1)]?.(response);
    asked += 1;
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/1.jpg`),
    asked: () => asked,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

const options = (part: Partial<LinkOptions> = {}): LinkOptions => ({
  signal: new AbortController().signal,
  remainingMs: () => 60_000,
  policy: { ...DEFAULT_RETRY_POLICY, backoffBaseMs: 0 },
  guard: { isAllowed: () => true },
  ...part,
});

test.each([
  ['a reset connection', reset],
  ['an answer that breaks off', broken],
  ['a 503', status(503)],
  ['a picture that is not there yet', status(404)],
])('a result behind a link arrives although its download meets %s', async (_name, trouble) => {
  await using there = await site(trouble, trouble, whole);
  const got = await fetchLinked(there.url, options());
  expect(got.kind === 'bytes' && Buffer.from(got.bytes).toString()).toBe(PICTURE);
  expect(there.asked()).toBe(3);
});

test('a link that stays broken is given up after the retries, and the caller may try it', async () => {
  await using there = await site(status(503));
  const heard: number[] = [];
  const got = await fetchLinked(there.url, options({ onRetry: ({ retry }) => heard.push(retry) }));
  expect(got).toMatchObject({ kind: 'failed', mayTry: true, reason: `${there.url.host} answered 503` });
  expect(there.asked()).toBe(4);
  expect(heard).toEqual([1, 2, 3]);
});

test('a link that is refused for good is asked once', async () => {
  await using there = await site(status(403));
  expect(await fetchLinked(there.url, options())).toMatchObject({ kind: 'failed', mayTry: true });
  expect(there.asked()).toBe(1);
});

test('a link into a private network is not followed, and no caller is sent there', async () => {
  await using there = await site(whole);
  const got = await fetchLinked(there.url, options({ guard: {} }));
  expect(got).toMatchObject({ kind: 'failed', mayTry: false });
  expect(there.asked()).toBe(0);
});

test('no retry is begun for which the request has no time left', async () => {
  await using there = await site(reset);
  const got = await fetchLinked(there.url, options({ remainingMs: () => 900 }));
  expect(got).toMatchObject({ kind: 'failed', mayTry: true });
  expect(there.asked()).toBeLessThanOrEqual(1);
});

test('a request that ends takes its download along', async () => {
  const gone = new AbortController();
  await using there = await site(() => gone.abort(new Error('the caller has left')));
  await expect(fetchLinked(there.url, options({ signal: gone.signal }))).rejects.toThrow(
    'the caller has left',
  );
});
