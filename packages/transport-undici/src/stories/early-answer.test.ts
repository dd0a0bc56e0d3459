import { fromBytes, fromFactory, POOLED } from '@ferry/core';
import { expect, it } from 'vitest';
import { CODE } from '../testing/raw-peer.ts';
import { text, World } from '../testing/world.ts';

const world = new World();
const TEN_MB = 10 * 1024 * 1024;
/** More than is read ahead of the caller, less than the peer may send unasked. Bytes. */
const LONG = 400_000;

it.each([
  ['and says so with RST NO_ERROR', true],
  ['and lets the upload be', false],
])('an upload that is answered 413 half-way %s is stopped, and the answer is delivered', async (_, reset) => {
  const peer = await world.peer((connection) => {
    connection.settings();
    connection.grantWindow = false;
    connection.on('request', (id: number) => {
      if (id > 1) return connection.answer(id);
      connection.headers(id, { ':status': '413' });
      connection.data(id, 'too large', { end: true });
      if (reset) connection.reset(id, CODE.NO_ERROR);
    });
  });
  const subject = await world.transport(POOLED);
  const response = await subject.send(peer, { body: fromBytes(new Uint8Array(TEN_MB)) });
  expect(response.status).toBe(413);
  expect(await text(response)).toBe('too large');
  expect((await response.done).bytesSent).toBeLessThan(TEN_MB);
  expect(await text(await subject.send(peer, { method: 'GET' }))).toBe('ok');
  expect(peer.connections).toHaveLength(1);
  expect(peer.connections[0]?.sawEndStream(1)).toBe(false);
  await expect.poll(() => peer.connections[0]?.resetCode(1)).toBe(reset ? undefined : CODE.CANCEL);
});

it('a 401 before its body has ended is delivered, and not a byte more is read from the source', async () => {
  const peer = await world.peer((connection) => {
    connection.settings();
    connection.on('request', (id: number) => connection.headers(id, { ':status': '401' }));
  });
  const subject = await world.transport(POOLED);
  let read = 0;
  let release: () => void = () => undefined;
  const gate = new Promise<void>((resolve) => {
    release = resolve;
  });
  async function* source() {
    for (let i = 0; i < 100; i += 1) {
      read += 1;
      yield new Uint8Array(1000);
      if (i === 0) await gate;
    }
  }
  const response = await subject.send(peer, { body: fromFactory(source, 100_000) });
  release();
  expect(response.status).toBe(401);
  peer.connections[0]?.data(1, 'who are you?', { end: true });
  expect(await text(response)).toBe('who are you?');
  expect(read).toBeLessThanOrEqual(2);
});

it('an early 200 that ends while the upload runs is delivered, and the upload ends in a reset', async () => {
  const peer = await world.peer((connection) => {
    connection.settings();
    connection.grantWindow = false;
    connection.on('request', (id: number) => connection.answer(id, 'enough'));
  });
  const subject = await world.transport(POOLED);
  const response = await subject.send(peer, { body: fromBytes(new Uint8Array(TEN_MB)) });
  expect(await text(response)).toBe('enough');
  await expect.poll(() => peer.connections[0]?.resetCode(1)).toBe(CODE.CANCEL);
  expect(peer.connections[0]?.sawEndStream(1)).toBe(false);
  expect(subject.transport.stats()).toMatchObject({ live: 1, streams: 0 });
});

it('an early 200 and RST NO_ERROR while the source rests answer a part of the upload, not the whole', async () => {
  const peer = await world.peer((connection) => {
    connection.settings();
    connection.on('request', (id: number) => {
      if (id > 1) return connection.answer(id);
      connection.headers(id, { ':status': '200' });
      for (let left = LONG; left > 0; left -= 10_000) {
        connection.data(id, 'x'.repeat(10_000), { end: left === 10_000 });
      }
      connection.reset(id, CODE.NO_ERROR);
    });
  });
  const subject = await world.transport(POOLED);
  async function* source() {
    yield new Uint8Array(1000);
    await new Promise(() => undefined);
  }
  const response = await subject.send(peer, { body: fromFactory(source, 2000) });
  // What is answered after it says that the reset has been read, before the long answer is.
  await text(await subject.send(peer, { method: 'GET' }));
  expect((await text(response)).length).toBe(LONG);
  expect((await response.done).requestComplete).toBe(false);
  expect(peer.connections[0]?.sawEndStream(1)).toBe(false);
});

it('an early 200 of a server that answers while it reads gets the whole upload', async () => {
  const server = await world.server(async ({ stream, body }) => {
    stream.respond({ ':status': 200 });
    stream.end(String((await body()).byteLength));
  });
  const subject = await world.transport(POOLED);
  const response = await subject.send(server, { body: fromBytes(new Uint8Array(TEN_MB)) });
  expect(await text(response)).toBe(String(TEN_MB));
  expect((await response.done).requestComplete).toBe(true);
});
