import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { FRESH, fromFactory, oneShot, POOLED, type RequestBody } from '@ferry/core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { onHead } from './testing/peer.ts';
import { failureOf, Stage, send, textOf, until } from './testing/stage.ts';

let stage: Stage;
beforeEach(() => {
  stage = new Stage();
});
afterEach(() => stage.strike());

/** A body that says `byteLength` and yields the slices; then throws, when told to. */
function body(byteLength: number | undefined, sizes: readonly number[], error?: Error): RequestBody {
  return fromFactory(async function* () {
    for (const size of sizes) yield new Uint8Array(size).fill(65);
    if (error) throw error;
  }, byteLength);
}

describe('a body that is not what it said is never taken for a whole upload', () => {
  const broken = new Error('disk on fire');
  test.each<[string, RequestBody]>([
    ['too few bytes', body(100, [40, 40])],
    ['none of its bytes', body(100, [])],
    ['too many bytes', body(100, [60, 60])],
    ['too many bytes, in a slice of their own', body(100, [100, 1])],
    ['a source that fails in the middle', body(100, [40], broken)],
    ['a source that fails after the last byte', body(100, [100], broken)],
    ['a source of unknown length that fails', body(undefined, [40, 40], broken)],
    ['a source that fails at once', body(undefined, [], broken)],
    ['something else than bytes', { ...body(100, []), open: (): AsyncIterable<never> => fromStrings() }],
  ])('%s', async (_name, faulty) => {
    let whole = 0;
    const peer = await stage.http((request, response) => {
      request.on('error', () => undefined);
      request.resume().once('end', () => {
        whole += 1;
        response.end('ok');
      });
    });
    const transport = stage.transport(POOLED);
    const error = await failureOf(send(transport, peer.url, { body: faulty }));
    expect(error).toMatchObject({ kind: 'body-source', phase: 'request' });
    expect(error.delivery).toBe(error.exchange.bytesSent > 0 ? 'unknown' : 'not-sent');
    await peer.empty();
    expect(whole).toBe(0);
    expect(await textOf(await send(transport, peer.url, { body: body(5, [5]) }))).toBe('ok');
  });
});

test("the source's own error is the cause", async () => {
  const broken = new Error('disk on fire');
  const peer = await stage.raw((socket) => socket.resume());
  const error = await failureOf(send(stage.transport(), peer.url, { body: body(100, [40], broken) }));
  expect(error.cause).toBe(broken);
});

test('a one-shot body is not opened for a connection that never comes', async () => {
  const server = createServer().listen(0, 'localhost');
  await once(server, 'listening');
  const url = new URL(`http://localhost:${(server.address() as AddressInfo).port}/`);
  server.close();
  await once(server, 'close');
  const error = await failureOf(send(stage.transport(), url, { body: oneShot(source(), 5) }));
  expect(error).toMatchObject({ kind: 'connect', delivery: 'not-sent' });
  expect(error.exchange.bodyOpened).toBe(false);
});

test('a source that is no longer read is let go, whatever ends the upload', async () => {
  let open = 0;
  const endless = fromFactory(async function* () {
    open += 1;
    try {
      for (;;) yield new Uint8Array(64 * 1024);
    } finally {
      open -= 1;
    }
  });
  const peer = await stage.raw((socket) => onHead(socket, () => socket.destroy()));
  await failureOf(send(stage.transport(FRESH), peer.url, { body: endless }));
  await until(() => open === 0);
  const silent = await stage.raw((socket) => socket.once('data', () => socket.pause()));
  const controller = new AbortController();
  const outcome = failureOf(
    send(stage.transport(), silent.url, { body: endless, signal: controller.signal }),
  );
  await until(() => open === 1 && silent.accepted === 1);
  controller.abort();
  await outcome;
  await until(() => open === 0);
});

test('a source that is silent when the upload ends is let go too', async () => {
  const asked = Promise.withResolvers<void>();
  let returned = 0;
  const silent: AsyncIterator<Uint8Array> = {
    next: () => {
      asked.resolve();
      return new Promise(() => undefined);
    },
    return: async () => {
      returned += 1;
      return { done: true, value: undefined };
    },
  };
  const body: RequestBody = {
    byteLength: 5,
    replayable: false,
    open: () => ({ [Symbol.asyncIterator]: () => silent }),
  };
  const peer = await stage.raw((socket) => socket.resume());
  const controller = new AbortController();
  const outcome = failureOf(send(stage.transport(), peer.url, { body, signal: controller.signal }));
  await asked.promise;
  controller.abort();
  expect(await outcome).toMatchObject({ kind: 'aborted', phase: 'request', delivery: 'not-sent' });
  expect(returned).toBeGreaterThan(0);
});

test('an empty body is an upload of nothing', async () => {
  const peer = await stage.http((request, response) => response.end(request.headers['content-length']));
  expect(await textOf(await send(stage.transport(), peer.url, { body: body(0, []) }))).toBe('0');
});

async function* source(): AsyncGenerator<Uint8Array> {
  yield new Uint8Array(5);
}

async function* fromStrings(): AsyncGenerator<never> {
  yield 'text' as never;
}
