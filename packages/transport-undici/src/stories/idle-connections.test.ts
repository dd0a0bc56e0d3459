import type { LookupFunction } from 'node:net';
import { POOLED } from '@ferry/core';
import { expect, it } from 'vitest';
import { FRAME, type RawConnection } from '../testing/raw-peer.ts';
import { shiftingClock, text, World } from '../testing/world.ts';

const world = new World();

const polite = (connection: RawConnection) => {
  connection.settings();
  connection.on('whole', (id: number) => connection.answer(id));
};

const pings = (connection: RawConnection | undefined) =>
  connection?.frames.filter((f) => f.type === FRAME.PING).length;

/** Every use of a connection that has been silent is proven first. */
const PROVING = { ...POOLED, proveAfterIdleMs: 0 };

it('a pooled connection is reused, and says so', async () => {
  const server = await world.server();
  const subject = await world.transport(POOLED);
  const first = await subject.send(server);
  await text(first);
  const second = await subject.send(server);
  await text(second);
  expect(first.exchange).toMatchObject({
    protocol: 'h2',
    connectionOrigin: 'fresh',
    connectionReused: false,
  });
  expect(second.exchange).toMatchObject({
    connectionId: first.exchange.connectionId,
    connectionOrigin: 'reused',
    connectionReused: true,
  });
  expect(subject.of('reused')).toMatchObject([{ uses: 2, origin: server.url.origin }]);
});

it('a load balancer that drops an idle connection with FIN does not disturb the next upload', async () => {
  const server = await world.server();
  const subject = await world.transport(POOLED);
  await text(await subject.send(server));
  server.finAll();
  await expect.poll(() => subject.of('closed')).toHaveLength(1);
  const next = await subject.send(server);
  expect(await text(next)).toBe('10');
  expect(next.exchange.connectionOrigin).toBe('fresh');
});

it('a silent connection is proven by a PING before it is used again', async () => {
  const peer = await world.peer(polite);
  const subject = await world.transport(PROVING);
  await text(await subject.send(peer));
  const next = await subject.send(peer);
  expect(await text(next)).toBe('ok');
  expect(next.exchange.connectionOrigin).toBe('reused');
  expect(pings(peer.connections[0])).toBe(1);
  expect(subject.of('proved')).toHaveLength(1);
});

it('a connection heard from a moment ago is used without a PING', async () => {
  const peer = await world.peer(polite);
  const subject = await world.transport({ ...POOLED, proveAfterIdleMs: 60_000 });
  await text(await subject.send(peer));
  await text(await subject.send(peer));
  expect(pings(peer.connections[0])).toBe(0);
});

it('a load balancer that drops an idle connection in silence costs one new connection, and is found out', async () => {
  const peer = await world.peer(polite);
  const subject = await world.transport({ ...PROVING, proveTimeoutMs: 300 });
  const first = await subject.send(peer);
  await text(first);
  peer.connections[0]?.mute();
  const next = await subject.send(peer);
  expect(await text(next)).toBe('ok');
  expect(next.exchange.connectionId).not.toBe(first.exchange.connectionId);
  await expect
    .poll(() => subject.of('retired'))
    .toMatchObject([{ connectionId: first.exchange.connectionId, reason: 'silent' }]);
  await expect.poll(() => peer.openSockets()).toBe(1);
});

it.each([
  ['has dropped eight idle connections', 8, 10],
  ['has dropped all idle connections that there may be', 3, 3],
  ['has dropped the only connection that there may be', 1, 1],
])(
  'a load balancer that %s in silence costs the next upload one late PING',
  async (_, count, maxConnections) => {
    const peer = await world.peer(polite);
    const clock = shiftingClock();
    // None is given up for its silence alone within the time of an upload.
    const policy = {
      ...POOLED,
      maxConnections,
      maxStreams: 1,
      proveAfterIdleMs: 10_000,
      proveTimeoutMs: 60_000,
    };
    const subject = await world.transport(policy, { clock });
    const answers = await Promise.all(Array.from({ length: count }, () => subject.send(peer)));
    for (const answer of answers) await text(answer);
    // A busy machine may have hedged one of them, whose SETTINGS are still on their way. The peer has accepted all that have told theirs.
    await expect
      .poll(() => subject.transport.connections().every((c) => c.peerMaxStreams !== undefined))
      .toBe(true);
    expect(peer.connections.length).toBeGreaterThanOrEqual(count);
    for (const connection of peer.connections) connection.mute();
    clock.shift(15_000);
    const next = await subject.send(peer);
    expect(await text(next)).toBe('ok');
    expect(next.exchange.connectionOrigin).toBe('fresh');
  },
);

it('a handshake that took long does not make the round trip of a connection', async () => {
  const { path, clock, subject, sending } = await world.stuck(POOLED, await world.server());
  clock.advance(900);
  path.letThrough(0);
  await text(await sending);
  expect(subject.of('opened')).toMatchObject([{ rttMs: 900 }]);
  // The acknowledgement of our SETTINGS took no time on this clock.
  expect(subject.transport.connections()).toMatchObject([{ rttMs: 0 }]);
});

it('an answer shows how near a peer is whose handshake took long, and who acknowledges no SETTINGS', async () => {
  const peer = await world.peer((connection) => {
    connection.polite = false;
    connection.settings();
    connection.on('whole', (id: number) => connection.answer(id));
  });
  const { path, clock, subject, sending } = await world.stuck(POOLED, peer);
  clock.advance(900);
  path.letThrough(0);
  await text(await sending);
  expect(subject.of('opened')).toMatchObject([{ rttMs: 900 }]);
  expect(subject.transport.connections()).toMatchObject([{ rttMs: 0 }]);
});

it('a PING that is answered late gives the request its old connection back, when that is ready first', async () => {
  let lookups = 0;
  // The second connection is never ready: its name is never resolved.
  const lookup: LookupFunction = (_name, _options, callback) => {
    lookups += 1;
    if (lookups === 1) callback(null, [{ address: '127.0.0.1', family: 4 }]);
  };
  const peer = await world.peer(polite);
  const subject = await world.transport({ ...PROVING, proveTimeoutMs: 5_000 }, { lookup });
  await text(await subject.send(peer));
  const old = peer.connections[0];
  if (old === undefined) throw new Error('no connection');
  old.polite = false;
  const sending = subject.send(peer);
  const ping = await old.until((f) => f.type === FRAME.PING);
  await expect.poll(() => lookups).toBe(2);
  old.pong(ping);
  const response = await sending;
  expect(await text(response)).toBe('ok');
  expect(response.exchange.connectionOrigin).toBe('reused');
});

it('a peer that sends PINGs of its own is answered', async () => {
  const peer = await world.peer((connection) => {
    connection.settings();
    connection.ping();
    connection.on('whole', (id: number) => {
      connection.ping();
      connection.answer(id);
    });
  });
  const subject = await world.transport(POOLED);
  expect(await text(await subject.send(peer))).toBe('ok');
  await expect
    .poll(() => peer.connections[0]?.frames.filter((f) => f.type === FRAME.PING && f.flags === 1).length)
    .toBe(2);
});

it('a peer that asked for calm is pinged less', async () => {
  const peer = await world.peer((connection) => {
    connection.settings();
    connection.on('whole', (id: number) => {
      if (connection.index === 0) connection.goaway(id, 11);
      else connection.answer(id);
    });
  });
  const clock = shiftingClock();
  const subject = await world.transport({ ...POOLED, proveAfterIdleMs: 10_000 }, { clock });
  await subject.send(peer).catch(() => undefined);
  // Nothing is left of the connection on which it was asked for.
  await expect.poll(() => subject.transport.connections()).toEqual([]);
  await text(await subject.send(peer));
  clock.shift(15_000);
  await text(await subject.send(peer));
  expect(pings(peer.connections[1])).toBe(0);
  clock.shift(25_000);
  await text(await subject.send(peer));
  expect(pings(peer.connections[1])).toBe(1);
});

it('a connection that nobody uses for maxIdleMs is closed', async () => {
  const server = await world.server();
  const subject = await world.transport({ ...POOLED, maxIdleMs: 50 });
  await text(await subject.send(server));
  await expect.poll(() => server.openSockets()).toBe(0);
  expect(subject.of('retired')).toMatchObject([{ reason: 'idle' }]);
  // The server sees the end first.
  await expect.poll(() => subject.transport.stats()).toMatchObject({ live: 0, retired: 0 });
});

it('a machine that wakes after an hour does not trust its connections', async () => {
  const clock = shiftingClock();
  const server = await world.server();
  const subject = await world.transport({ ...POOLED, maxIdleMs: 86_400_000 }, { clock });
  await text(await subject.send(server));
  clock.shift(3_600_000);
  const next = await subject.send(server);
  expect(await text(next)).toBe('10');
  expect(next.exchange.connectionOrigin).toBe('fresh');
  expect(subject.of('retired')).toMatchObject([{ reason: 'too-old' }]);
});

it('a connection is retired when it is used up', async () => {
  const server = await world.server();
  const subject = await world.transport({ ...POOLED, maxUses: 2 });
  for (let i = 0; i < 4; i += 1) await text(await subject.send(server));
  expect(server.accepted()).toBe(2);
  await expect.poll(() => subject.of('retired').map((e) => e.reason)).toEqual(['used-up', 'used-up']);
});
