import { fromBytes, fromFactory, POOLED } from '@ferry/core';
import { expect, it } from 'vitest';
import { failureOf, text, World } from '../testing/world.ts';

const world = new World();

it('silence after the request is over within headersMs', async () => {
  const peer = await world.peer((connection) => connection.settings());
  const subject = await world.transport(POOLED);
  const error = await failureOf(subject.send(peer, { limits: { headersMs: 150 } }));
  expect(error).toMatchObject({ kind: 'timeout', phase: 'headers', delivery: 'unknown', h2Code: undefined });
  expect(error.message).toContain('headers');
  expect(subject.of('retired').map((e) => e.reason)).toEqual(['interrupted']);
});

it('headersMs runs from the last byte of the request, however long the upload took', async () => {
  const server = await world.server();
  const subject = await world.transport(POOLED);
  async function* slow() {
    for (let i = 0; i < 5; i += 1) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      yield new Uint8Array(100);
    }
  }
  const response = await subject.send(server, { body: fromFactory(slow), limits: { headersMs: 300 } });
  expect(await text(response)).toBe('500');
});

it('a window that is never updated is silence: idleMs', async () => {
  const peer = await world.peer((connection) => {
    connection.settings();
    connection.grantWindow = false;
  });
  const subject = await world.transport(POOLED);
  const error = await failureOf(
    subject.send(peer, { body: fromBytes(new Uint8Array(1_000_000)), limits: { idleMs: 200 } }),
  );
  expect(error).toMatchObject({ kind: 'timeout', phase: 'request', delivery: 'unknown' });
  expect(peer.connections[0]?.received(1)).toBe(65_535);
});

it('a window that stalls on the last bytes of the body is silence too', async () => {
  const peer = await world.peer((connection) => {
    connection.settings();
    connection.grantWindow = false;
  });
  const subject = await world.transport(POOLED);
  const error = await failureOf(
    subject.send(peer, { body: fromBytes(new Uint8Array(65_536)), limits: { idleMs: 200 } }),
  );
  expect(error).toMatchObject({ kind: 'timeout', phase: 'request' });
});

it('a peer that stops reading in the middle of an upload is silent', async () => {
  const peer = await world.peer((connection) => {
    connection.settings();
    connection.on('request', () => connection.socket.pause());
  });
  const subject = await world.transport(POOLED);
  const error = await failureOf(
    subject.send(peer, { body: fromBytes(new Uint8Array(40 * 1024 * 1024)), limits: { idleMs: 300 } }),
  );
  expect(error).toMatchObject({ kind: 'timeout', phase: 'request', delivery: 'unknown' });
  // Only a socket that reads sees the end of its connection.
  peer.connections[0]?.socket.resume();
});

it('an upload that moves a little at a time is not silent', async () => {
  const peer = await world.peer((connection) => {
    connection.settings();
    connection.grantWindow = false;
    connection.on('whole', (id: number) => connection.answer(id));
    connection.once('request', (id: number) => {
      const drip = setInterval(() => {
        connection.windowUpdate(0, 2_000);
        connection.windowUpdate(id, 2_000);
      }, 50);
      connection.once('whole', () => clearInterval(drip));
      connection.once('close', () => clearInterval(drip));
    });
  });
  const subject = await world.transport(POOLED);
  const body = fromBytes(new Uint8Array(65_535 + 60_000));
  const response = await subject.send(peer, { body, limits: { idleMs: 1_000 } });
  expect(await text(response)).toBe('ok');
});

it('an upload that stands still is silent, however often the peer pings', async () => {
  const peer = await world.peer((connection) => {
    connection.settings();
    connection.grantWindow = false;
    const pings = setInterval(() => connection.ping(), 20);
    connection.once('close', () => clearInterval(pings));
  });
  const subject = await world.transport(POOLED);
  const body = fromBytes(new Uint8Array(200_000));
  const error = await failureOf(subject.send(peer, { body, limits: { idleMs: 300 } }));
  expect(error).toMatchObject({ kind: 'timeout', phase: 'request', delivery: 'unknown' });
});

it('silence in the middle of the answer is over within idleMs', async () => {
  const peer = await world.peer((connection) => {
    connection.settings();
    connection.on('whole', (id: number) => {
      connection.headers(id, { ':status': '200' });
      connection.data(id, 'half a');
    });
  });
  const subject = await world.transport(POOLED);
  const response = await subject.send(peer, { limits: { idleMs: 150 } });
  const error = await failureOf(text(response));
  expect(error).toMatchObject({ kind: 'timeout', phase: 'body', delivery: 'answered' });
});

it('a consumer who reads slowly is not silence of the upstream, and the memory stays bounded', async () => {
  const long = Buffer.alloc(3 * 1024 * 1024, 'x');
  const server = await world.server(({ stream }) => {
    stream.respond({ ':status': 200 });
    stream.end(long);
  });
  const subject = await world.transport(POOLED);
  const response = await subject.send(server, { method: 'GET', limits: { idleMs: 150 } });
  let received = 0;
  for await (const chunk of response.body) {
    if (received === 0) await new Promise((resolve) => setTimeout(resolve, 500));
    received += chunk.byteLength;
  }
  expect(received).toBe(long.byteLength);
});

it.each([
  ['while it waits for headers', { headersMs: 10_000 }, 'headers'],
  ['while it waits for a place', { connectMs: 10_000 }, 'acquire'],
] as const)('totalMs ends a request %s', async (_, limits, phase) => {
  const peer = await world.peer((connection) => connection.settings());
  const subject = await world.transport({ ...POOLED, maxConnections: 1, maxStreams: 1 });
  const occupying = new AbortController();
  const first = phase === 'acquire' ? failureOf(subject.send(peer, { signal: occupying.signal })) : undefined;
  const error = await failureOf(subject.send(peer, { limits: { ...limits, totalMs: 150 } }));
  expect(error).toMatchObject({ kind: 'timeout', phase });
  occupying.abort();
  await first;
});

it('totalMs ends an answer that drips for ever', async () => {
  const server = await world.server(({ stream }) => {
    stream.respond({ ':status': 200 });
    const drip = setInterval(() => stream.write('x'), 20);
    stream.on('close', () => clearInterval(drip));
  });
  const subject = await world.transport(POOLED);
  const response = await subject.send(server, { method: 'GET', limits: { totalMs: 300 } });
  expect(await failureOf(text(response))).toMatchObject({
    kind: 'timeout',
    phase: 'body',
    delivery: 'answered',
  });
});

it('the wait for a place is bounded by connectMs', async () => {
  const peer = await world.peer((connection) => connection.settings());
  const subject = await world.transport({ ...POOLED, maxConnections: 1, maxStreams: 1 });
  const occupying = new AbortController();
  const first = failureOf(subject.send(peer, { signal: occupying.signal }));
  const error = await failureOf(subject.send(peer, { limits: { connectMs: 150 } }));
  expect(error).toMatchObject({ kind: 'timeout', phase: 'acquire', delivery: 'not-sent' });
  occupying.abort();
  await first;
});
