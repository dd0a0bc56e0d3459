import { FRESH, fromFactory, POOLED } from '@ferry/core';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { makeCertificate, type TestCertificate } from './testing/certificate.ts';
import { onHead } from './testing/peer.ts';
import { holdEventLoopUntil, type PromptPeer, startPromptPeer } from './testing/prompt-peer.ts';
import { failureOf, Stage, send, textOf, until } from './testing/stage.ts';

let certificate: TestCertificate;
let stage: Stage;
beforeAll(async () => {
  certificate = await makeCertificate();
});
beforeEach(() => {
  stage = new Stage();
});
afterEach(() => stage.strike());

const retiredFor = () => stage.events.flatMap((event) => (event.type === 'retired' ? [event.reason] : []));

/** A body after whose last byte the client can read the answer, but has not learned that its bytes were taken. */
function answeredFirst(peer: PromptPeer, answers: number, byteLength: number | undefined) {
  const held = Promise.withResolvers<boolean>();
  const body = fromFactory(async function* () {
    yield new Uint8Array(1_000).fill(65);
    // Writes from before, a handshake's, are over when the turn is.
    await new Promise((resolve) => setImmediate(resolve));
    held.resolve(holdEventLoopUntil(() => peer.answered === answers));
  }, byteLength);
  return { body, held: held.promise };
}

describe.each(['http', 'https'] as const)(
  'over %s, an answer that is read before the callback of the last write',
  (scheme) => {
    test.each([
      ['known', 1_000],
      ['unknown', undefined],
    ])('is not early, and the connection is used again (body of %s length)', async (_length, byteLength) => {
      await using peer = await startPromptPeer(scheme === 'https' ? certificate : undefined);
      const transport = stage.transport(POOLED, { tls: { ca: certificate.cert } });
      for (let upload = 1; upload <= 3; upload++) {
        const { body, held } = answeredFirst(peer, upload, byteLength);
        const response = await send(transport, peer.url, { body });
        expect(await textOf(response)).toBe('ok');
        expect(await held).toBe(true);
        expect(await response.done).toMatchObject({ bytesSent: 1_000, connectionReused: upload > 1 });
      }
      expect(retiredFor()).toEqual([]);
      await transport.close();
    });

    test('is delivered whole when the connection closes after it', async () => {
      await using peer = await startPromptPeer(scheme === 'https' ? certificate : undefined);
      const transport = stage.transport(FRESH, { tls: { ca: certificate.cert } });
      for (let upload = 1; upload <= 3; upload++) {
        const { body, held } = answeredFirst(peer, upload, 1_000);
        expect(await textOf(await send(transport, peer.url, { body }))).toBe('ok');
        expect(await held).toBe(true);
      }
      expect(retiredFor()).not.toContain('early-answer');
      await transport.close();
    });
  },
);

test('an answer is early while the last bytes lie in the socket, not taken', async () => {
  // Takes what the kernel's buffers hold and no more.
  let answer: string | undefined;
  const peer = await stage.raw((socket) =>
    onHead(socket, () => {
      socket.pause();
      if (answer !== undefined) socket.write(answer);
    }),
  );
  const transport = stage.transport(POOLED);
  const endless = fromFactory(async function* () {
    for (;;) yield Buffer.alloc(64 * 1024);
  }, 1024 ** 3);
  const stuck = await failureOf(send(transport, peer.url, { body: endless, limits: { idleMs: 300 } }));
  const { bytesSent } = stuck.exchange;
  answer = 'HTTP/1.1 413 Too Large\r\ncontent-length: 5\r\n\r\nlarge';
  const body = fromFactory(async function* () {
    yield Buffer.alloc(bytesSent);
  }, bytesSent);
  const response = await send(transport, peer.url, { body });
  expect([response.status, await textOf(response)]).toEqual([413, 'large']);
  expect(await response.done).toMatchObject({ bytesSent });
  expect(retiredFor().at(-1)).toBe('early-answer');
});

test('an early answer that goes on after the upload has stopped is delivered whole', async () => {
  let released = false;
  const endless = fromFactory(async function* () {
    try {
      for (;;) yield Buffer.alloc(64 * 1024);
    } finally {
      released = true;
    }
  });
  const rest = Promise.withResolvers<void>();
  const peer = await stage.raw((socket) => {
    socket.once('data', () => socket.write('HTTP/1.1 413 Too Large\r\ncontent-length: 10\r\n\r\nlarge'));
    socket.resume();
    rest.promise.then(() => socket.write('large'));
  });
  const response = await send(stage.transport(POOLED), peer.url, { body: endless });
  await until(() => released);
  for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve));
  rest.resolve();
  expect([response.status, await textOf(response)]).toEqual([413, 'largelarge']);
});
