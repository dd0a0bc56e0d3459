import { FRESH, POOLED, PREWARMED } from '@ferry/core';
import { FakeClock } from '@ferry/core/testing';
import { expect, it } from 'vitest';
import { CODE, FRAME, type RawConnection } from '../testing/raw-peer.ts';
import { failureOf, text, World } from '../testing/world.ts';

const world = new World();

/** SETTINGS_MAX_CONCURRENT_STREAMS (RFC 9113 section 6.5.2). */
const MAX_STREAMS = 3;

/** No frame may come before SETTINGS (RFC 9113 section 3.4): neither credit nor an acknowledgement. */
const silent = (connection: RawConnection) => {
  connection.grantWindow = false;
  connection.polite = false;
};

/** Sends its SETTINGS only once it has a request: whoever waits for them waits for ever. */
const settingsAfterHeaders = (connection: RawConnection) => {
  silent(connection);
  connection.once('request', () => {
    connection.settings();
  });
  connection.on('whole', (id: number) => connection.answer(id));
};

/** Refuses what is beyond its limit, as RFC 9113 section 5.1.2 says. */
const allowing = (streams: () => number) => (connection: RawConnection) => {
  connection.settings([[MAX_STREAMS, streams()]]);
  connection.on('request', (id: number) => {
    if (streams() === 0) connection.reset(id, CODE.REFUSED_STREAM);
    else connection.once('whole', () => connection.answer(id));
  });
};

const requests = (connection: RawConnection | undefined) =>
  connection?.frames.filter((f) => f.type === FRAME.HEADERS).length;

it('the first request does not wait for the round trip that SETTINGS take', async () => {
  const peer = await world.peer(settingsAfterHeaders);
  const subject = await world.transport(FRESH);
  const response = await subject.send(peer);
  expect(await text(response)).toBe('ok');
  expect(response.exchange.connectionOrigin).toBe('fresh');
});

it('a spare is handed out before its SETTINGS have come', async () => {
  const peer = await world.peer(settingsAfterHeaders);
  const subject = await world.transport(PREWARMED);
  await text(await subject.send(peer));
  await expect.poll(() => subject.transport.stats().spare).toBe(1);
  const response = await subject.send(peer);
  expect(await text(response)).toBe('ok');
  expect(response.exchange.connectionOrigin).toBe('prewarmed');
});

it('the other requests of a first burst wait for SETTINGS, and share the connection then', async () => {
  const peer = await world.peer(silent);
  const subject = await world.transport(POOLED);
  const sending = [1, 2, 3].map(() => subject.send(peer, { method: 'GET' }));
  await expect.poll(() => requests(peer.connections[0])).toBe(1);
  expect(subject.transport.stats()).toMatchObject({ live: 1, streams: 1, waiting: 2 });
  const [connection] = peer.connections;
  connection?.on('whole', (id: number) => connection.answer(id));
  connection?.settings();
  connection?.answer(1);
  expect(await Promise.all(sending.map(async (answer) => text(await answer)))).toEqual(['ok', 'ok', 'ok']);
  expect(peer.connections).toHaveLength(1);
});

it('a peer that speaks HTTP/1.1 on a connection agreed to be HTTP/2 breaks the protocol, and may have the request', async () => {
  const peer = await world.peer((connection) => {
    connection.socket.write('HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n');
  });
  const subject = await world.transport(FRESH);
  const error = await failureOf(subject.send(peer));
  expect(error).toMatchObject({ kind: 'protocol', delivery: 'unknown' });
  await expect.poll(() => peer.openSockets()).toBe(0);
});

it('a peer that never sends SETTINGS is given up within connectMs, and may have the request', async () => {
  const peer = await world.peer(silent);
  const subject = await world.transport(POOLED);
  const error = await failureOf(subject.send(peer, { limits: { connectMs: 200 } }));
  expect(error).toMatchObject({
    kind: 'timeout',
    delivery: 'unknown',
    message: expect.stringMatching('SETTINGS'),
  });
  expect(requests(peer.connections[0])).toBe(1);
  await expect.poll(() => peer.openSockets()).toBe(0);
  expect(subject.of('retired')).toMatchObject([{ reason: 'silent' }]);
});

it('what a request has waited for its place is part of its connectMs, up to SETTINGS', async () => {
  const held: (() => void)[] = [];
  const peer = await world.peer((connection) => {
    if (connection.index > 0) return silent(connection);
    connection.settings();
    connection.on('whole', (id: number) => held.push(() => connection.answer(id)));
  });
  const clock = new FakeClock();
  const subject = await world.transport({ ...FRESH, maxConnections: 1 }, { clock });
  const first = subject.send(peer);
  await expect.poll(() => held).toHaveLength(1);
  let ended = false;
  const failure = failureOf(subject.send(peer, { limits: { connectMs: 1_000 } }));
  void failure.then(() => {
    ended = true;
  });
  clock.advance(600);
  held[0]?.();
  await text(await first);
  await expect.poll(() => requests(peer.connections[1])).toBe(1);
  clock.advance(399);
  await new Promise((resolve) => setImmediate(resolve));
  expect(ended).toBe(false);
  clock.advance(1);
  expect(await failure).toMatchObject({
    kind: 'timeout',
    delivery: 'unknown',
    message: expect.stringMatching('SETTINGS'),
    cause: { message: expect.stringMatching('1000 ms') },
  });
  expect(subject.of('retired').at(-1)).toMatchObject({ reason: 'silent' });
  await expect.poll(() => peer.openSockets()).toBe(0);
});

it.each([
  ['PREWARMED', PREWARMED],
  ['POOLED', POOLED],
])('%s: on a connection that was prepared the connectMs of the request holds', async (_, policy) => {
  const peer = await world.peer(silent);
  const clock = new FakeClock();
  const subject = await world.transport(policy, { clock });
  subject.transport.prepare?.(peer.url);
  await expect.poll(() => subject.transport.stats()).toMatchObject({ spare: 1 });
  clock.advance(500);
  const failure = failureOf(subject.send(peer, { limits: { connectMs: 1_000 } }));
  await expect.poll(() => requests(peer.connections[0])).toBe(1);
  clock.advance(999);
  expect(subject.transport.stats()).toMatchObject({ streams: 1 });
  clock.advance(1);
  expect(subject.transport.stats()).toMatchObject({ streams: 0 });
  expect(await failure).toMatchObject({
    kind: 'timeout',
    delivery: 'unknown',
    message: expect.stringMatching('SETTINGS'),
    exchange: { connectionOrigin: 'prewarmed' },
  });
});

it('SETTINGS that came in time let an upload take longer than connectMs', async () => {
  const held: (() => void)[] = [];
  const peer = await world.peer((connection) => {
    connection.settings();
    connection.on('whole', (id: number) => held.push(() => connection.answer(id)));
  });
  const clock = new FakeClock();
  const subject = await world.transport(FRESH, { clock });
  const answer = subject.send(peer, { limits: { connectMs: 1_000 } });
  await expect.poll(() => held).toHaveLength(1);
  await expect.poll(() => subject.transport.connections()[0]?.peerMaxStreams).toBeDefined();
  clock.advance(5_000);
  held[0]?.();
  expect(await text(await answer)).toBe('ok');
});

it('a spare whose SETTINGS never come is closed within connectMs', async () => {
  const peer = await world.peer((connection) => {
    connection.polite = connection.index === 0;
    if (connection.index > 0) return;
    connection.settings();
    connection.on('whole', (id: number) => connection.answer(id));
  });
  const subject = await world.transport({ ...PREWARMED, spares: 1 });
  await text(await subject.send(peer, { limits: { connectMs: 200 } }));
  await expect.poll(() => subject.of('retired').map((e) => e.reason)).toContain('silent');
  await expect.poll(() => peer.openSockets()).toBe(0);
});

it('a request refused before SETTINGS are acknowledged was not acted upon, and the connection is kept', async () => {
  const peer = await world.peer((connection) => {
    connection.polite = false;
    connection.settings();
    connection.once('request', (id: number) => connection.reset(id, CODE.REFUSED_STREAM));
    connection.on('whole', (id: number) => {
      if (id > 1) connection.answer(id);
    });
  });
  const subject = await world.transport(POOLED);
  const error = await failureOf(subject.send(peer));
  expect(error).toMatchObject({ kind: 'stream-refused', delivery: 'refused' });
  expect(await text(await subject.send(peer))).toBe('ok');
  expect(peer.connections).toHaveLength(1);
});

it('a peer that allows no stream yet refuses what came before its SETTINGS; what comes after waits', async () => {
  let streams = 0;
  const peer = await world.peer(allowing(() => streams));
  const subject = await world.transport(POOLED);
  const error = await failureOf(subject.send(peer));
  expect(error).toMatchObject({ kind: 'stream-refused', delivery: 'refused' });
  const sending = subject.send(peer);
  expect(subject.transport.stats()).toMatchObject({ live: 1, waiting: 1 });
  streams = 10;
  peer.connections[0]?.settings([[MAX_STREAMS, streams]]);
  expect(await text(await sending)).toBe('ok');
  expect(peer.connections).toHaveLength(1);
});

it.each([
  ['POOLED', POOLED],
  ['FRESH', FRESH],
])(
  '%s: once a peer has said that it allows no stream, requests wait for its word until connectMs',
  async (_, policy) => {
    const peer = await world.peer(allowing(() => 0));
    const subject = await world.transport(policy);
    expect(await failureOf(subject.send(peer))).toMatchObject({ delivery: 'refused' });
    const error = await failureOf(subject.send(peer, { limits: { connectMs: 200 } }));
    expect(error).toMatchObject({ kind: 'timeout', delivery: 'not-sent' });
    const headers = peer.connections.reduce((sum, connection) => sum + (requests(connection) ?? 0), 0);
    expect(headers).toBe(1);
  },
);

it('GOAWAY before anything else proves that the request was not acted upon', async () => {
  const peer = await world.peer((connection) => {
    connection.settings();
    connection.goaway(0, CODE.NO_ERROR);
  });
  const subject = await world.transport(FRESH);
  expect(await failureOf(subject.send(peer))).toMatchObject({
    kind: 'goaway',
    delivery: expect.stringMatching(/refused|not-sent/),
  });
});
