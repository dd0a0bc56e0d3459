import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FakeClock } from '../testing/fake-clock.ts';
import type { PoolEvent } from '../transport/pool-event.ts';
import { FRESH, POOLED, PREWARMED, type ReusePolicy } from '../transport/reuse-policy.ts';
import type { ProofKind } from './connection.ts';
import { ConnectionPool } from './connection-pool.ts';
import type { LineConnection } from './testing/line-connection.ts';
import { type LinePool, LineStage } from './testing/line-stage.ts';

let stage: LineStage;
let origin: URL;
let clock: FakeClock;
let events: readonly PoolEvent[];

beforeEach(async () => {
  stage = await LineStage.open();
  ({ origin, clock, events } = stage);
});
afterEach(async () => {
  await stage.close();
  expect(stage.pools.map((pool) => pool.views())).toEqual(stage.pools.map(() => []));
  expect(clock.pending).toBe(0);
});

const poolOf = (policy: ReusePolicy, proof?: ProofKind): LinePool => stage.pool(policy, proof);

const WANT = { connectMs: 10_000, avoid: undefined, onConnecting: () => undefined };
const wait = (pool: LinePool, want: Partial<typeof WANT> = {}) => pool.wait(origin, { ...WANT, ...want });
const types = () => events.map(({ type }) => type);

describe('a third protocol on the same pool', () => {
  it('waits for its first connection, and takes it at once the next time', async () => {
    const pool = poolOf(POOLED);
    expect(pool.take(origin, WANT)).toBeUndefined();
    const first = await wait(pool).lease;
    first.release('keep');
    const second = pool.take(origin, WANT);
    expect([first.origin, second?.origin]).toEqual(['fresh', 'reused']);
    expect(second?.connection).toBe(first.connection);
    expect(types()).toEqual(['opened', 'reused']);
    second?.release('keep');
  });

  it('takes a place at the origin of each request, whatever the one before was, and none where the last connection has gone', async () => {
    const pool = poolOf(POOLED);
    const other = new URL(origin);
    other.hostname = origin.hostname === 'localhost' ? '127.0.0.1' : 'localhost';
    const here = await wait(pool).lease;
    const there = await pool.wait(other, WANT).lease;
    const taken = [origin, other, new URL('/path', origin), other].map((url) => pool.take(url, WANT));
    expect(taken.map((lease) => lease?.connection)).toEqual([
      here.connection,
      there.connection,
      here.connection,
      there.connection,
    ]);
    for (const lease of [here, ...taken]) lease?.release('keep');
    there.release('interrupted');
    await there.connection.closed;
    expect(pool.take(other, WANT)).toBeUndefined();
    const again = await pool.wait(other, WANT).lease;
    expect(again.origin).toBe('fresh');
    const last = pool.take(other, WANT);
    expect(last?.connection).toBe(again.connection);
    for (const lease of [again, last]) lease?.release('keep');
  });

  it('a place that is taken at once leaves no timer of its own', async () => {
    const pool = poolOf(POOLED);
    const first = await wait(pool).lease;
    const busy = clock.pending;
    const second = pool.take(origin, WANT);
    expect(clock.pending).toBe(busy);
    for (const lease of [first, second]) lease?.release('keep');
  });

  it('those who wait are served in the order in which they came', async () => {
    const pool = poolOf({ ...POOLED, maxConnections: 1, maxStreams: 1 });
    const first = await wait(pool).lease;
    const served: string[] = [];
    const [second, third] = ['second', 'third'].map(async (name) => {
      const lease = await wait(pool).lease;
      served.push(name);
      return lease;
    });
    first.release('keep');
    expect(pool.take(origin, WANT)).toBeUndefined();
    (await second)?.release('keep');
    (await third)?.release('keep');
    expect(served).toEqual(['second', 'third']);
  });

  it('one that gives up is told where it was, and holds up nobody behind it', async () => {
    const pool = poolOf({ ...POOLED, maxConnections: 1, maxStreams: 1 });
    const first = await wait(pool).lease;
    const leaving = wait(pool);
    const staying = wait(pool);
    leaving.leave('aborted', 'the caller aborted');
    await expect(leaving.lease).rejects.toMatchObject({ kind: 'aborted', phase: 'acquire' });
    first.release('keep');
    (await staying.lease).release('keep');
  });

  it('a wait ends with its limit, and one too many is refused at once', async () => {
    const pool = poolOf({ ...POOLED, maxConnections: 1, maxStreams: 1, maxWaiting: 1 });
    const first = await wait(pool).lease;
    const waiting = wait(pool, { connectMs: 500 });
    await expect(wait(pool).lease).rejects.toMatchObject({ kind: 'pool-full', phase: 'acquire' });
    clock.advance(500);
    await expect(waiting.lease).rejects.toMatchObject({ kind: 'timeout', phase: 'acquire' });
    first.release('keep');
  });

  it('a verdict retires the connection, and its reason is told', async () => {
    const pool = poolOf(POOLED);
    (await wait(pool).lease).release('stream-error');
    await expect.poll(types).toEqual(['opened', 'retired', 'closed']);
    expect(events[1]).toMatchObject({ reason: 'stream-error' });
  });

  it('an origin that refuses connections is told as such', async () => {
    const pool = poolOf(FRESH);
    const nowhere = new URL('http://127.0.0.1:1/');
    await expect(pool.wait(nowhere, WANT).lease).rejects.toMatchObject({ kind: 'connect', phase: 'connect' });
  });

  it('a protocol that cannot even begin fails the request, and leaves nothing', async () => {
    const pool = new ConnectionPool<LineConnection>({
      policy: FRESH,
      proof: 'peer',
      clock,
      open: () => {
        throw new Error('no sockets today');
      },
    });
    stage.pools.push(pool);
    await expect(wait(pool).lease).rejects.toMatchObject({ kind: 'connect', phase: 'connect' });
    expect(pool.stats()).toMatchObject({ connecting: 0, waiting: 0 });
  });
});

describe('proving', () => {
  it('a local proof is asked for before each use, and a connection that fails it is replaced', async () => {
    const pool = poolOf({ ...POOLED, maxStreams: 1 }, 'local');
    const first = await wait(pool).lease;
    first.release('keep');
    clock.advance(1);
    expect(pool.take(origin, WANT)).toBeUndefined();
    first.connection.provable = false;
    const next = await wait(pool).lease;
    expect(next.connection).not.toBe(first.connection);
    expect(events.find(({ type }) => type === 'retired')).toMatchObject({ reason: 'socket' });
    next.release('keep');
  });

  it('a peer that does not answer is raced with a new connection, and retired as silent', async () => {
    const pool = poolOf({ ...POOLED, proveAfterIdleMs: 1_000, proveTimeoutMs: 400 });
    const first = await wait(pool).lease;
    first.release('keep');
    clock.advance(1_001);
    first.connection.answers = false;
    const waiting = wait(pool);
    clock.advance(50);
    const next = await waiting.lease;
    expect(next.connection).not.toBe(first.connection);
    clock.advance(350);
    expect(events.find(({ type }) => type === 'retired')).toMatchObject({ reason: 'silent' });
    next.release('keep');
  });
});

describe('a connection that dies under a request', () => {
  const two = async (policy: ReusePolicy) => {
    const pool = poolOf({ ...policy, maxStreams: 1, spares: 0 });
    const [struck, other] = await Promise.all([wait(pool).lease, wait(pool).lease]);
    if (struck === undefined || other === undefined) throw new Error('two were asked for');
    return { pool, struck, other };
  };
  const die = (line: LineConnection) => {
    line.destroy('socket');
    return line.closed;
  };

  it('has the others proven before they are used again: what ended it has mostly ended them all', async () => {
    const { pool, struck, other } = await two(POOLED);
    other.release('keep');
    other.connection.provable = false;
    await die(struck.connection);
    struck.release('socket');
    const next = await wait(pool).lease;
    expect([next.connection.id, next.origin]).toEqual(['line-3', 'fresh']);
    next.release('keep');
  });

  it('and one that is alive is used, and needs no other proof', async () => {
    const { pool, struck, other } = await two(POOLED);
    other.release('keep');
    await die(struck.connection);
    struck.release('socket');
    expect(pool.take(origin, WANT)).toBeUndefined();
    clock.advance(1);
    const next = await wait(pool).lease;
    expect([next.connection, stage.lines.length]).toEqual([other.connection, 2]);
    next.release('keep');
    const again = pool.take(origin, WANT);
    expect(again?.connection).toBe(other.connection);
    again?.release('keep');
  });

  it('unused, says nothing of the others: a peer may end what rests', async () => {
    const { pool, struck, other } = await two(POOLED);
    struck.release('keep');
    other.release('keep');
    await die(struck.connection);
    const next = pool.take(origin, WANT);
    expect(next?.connection).toBe(other.connection);
    next?.release('keep');
  });

  it('or ended by us, says nothing of them either', async () => {
    const { pool, struck, other } = await two(POOLED);
    other.release('keep');
    struck.connection.destroy('interrupted');
    await struck.connection.closed;
    struck.release('interrupted');
    const next = pool.take(origin, WANT);
    expect(next?.connection).toBe(other.connection);
    next?.release('keep');
  });
});

describe('what was learnt of an origin', () => {
  it('is known when its last connection has gone: one that is slow to open is not one that is stuck', async () => {
    const pool = poolOf(FRESH);
    const first = wait(pool);
    clock.advance(800);
    (await first.lease).release('keep');
    await expect.poll(() => pool.views()).toEqual([]);
    const next = wait(pool);
    clock.advance(1_200);
    // Twice 800 ms are not over: a second connection would be one too many.
    expect(pool.stats()).toMatchObject({ connecting: 1 });
    (await next.lease).release('keep');
  });
});

describe('a path that has gone dark', () => {
  const LATE_MS = 50;

  /** A pool whose `count` connections stand idle and answer nobody. */
  async function darkPool(count: number, policy: Partial<ReusePolicy>): Promise<LinePool> {
    const pool = poolOf({ ...POOLED, maxStreams: 1, proveTimeoutMs: 1_000, ...policy });
    const leases = await Promise.all(Array.from({ length: count }, () => wait(pool).lease));
    for (const lease of leases) {
      lease.connection.answers = false;
      lease.release('keep');
    }
    clock.advance(POOLED.proveAfterIdleMs + 1);
    return pool;
  }
  const reasons = () => events.flatMap((event) => (event.type === 'retired' ? [event.reason] : []));

  it.each([
    ['eight idle connections', 8, 9],
    ['eight idle connections, with no room for a ninth', 8, 8],
    ['the one connection that may be', 1, 1],
  ])(
    '%s: a request waits for one late proof and one connect, and no longer',
    async (_, count, maxConnections) => {
      const pool = await darkPool(count, { maxConnections });
      const waiting = wait(pool);
      clock.advance(LATE_MS);
      expect(pool.stats()).toMatchObject({ connecting: 1, waiting: 0 });
      const lease = await waiting.lease;
      expect(lease.origin).toBe('fresh');
      expect(events.filter(({ type }) => type === 'opened')).toHaveLength(count + 1);
      lease.release('keep');
    },
  );

  it('the other silent ones are asked at the same time, and all are retired within the proving time', async () => {
    const pool = await darkPool(8, { maxConnections: 9 });
    const waiting = wait(pool);
    clock.advance(LATE_MS);
    clock.advance(1_000);
    expect(reasons()).toEqual(Array(8).fill('silent'));
    (await waiting.lease).release('keep');
  });

  it('one that answers after all is proven beside the new connection, and kept', async () => {
    const pool = await darkPool(3, { maxConnections: 4 });
    const waiting = wait(pool);
    for (const line of stage.lines) line.answers = true;
    clock.advance(LATE_MS);
    await expect.poll(() => events.filter(({ type }) => type === 'proved')).toHaveLength(2);
    (await waiting.lease).release('keep');
    expect(reasons()).toEqual([]);
  });

  it('with no room the late one makes way, because it was silent', async () => {
    const pool = await darkPool(1, { maxConnections: 1 });
    const waiting = wait(pool);
    clock.advance(LATE_MS);
    expect(reasons()).toEqual(['silent']);
    (await waiting.lease).release('keep');
  });
});

describe('prepare', () => {
  it('proves a shared connection that has been silent, so that the request need not', async () => {
    const pool = poolOf({ ...POOLED, proveAfterIdleMs: 1_000 });
    (await wait(pool).lease).release('keep');
    clock.advance(1_001);
    pool.prepare(origin);
    await expect.poll(types).toContain('proved');
    const lease = pool.take(origin, WANT);
    expect(lease?.origin).toBe('reused');
    lease?.release('keep');
  });

  it('has a spare ready for a connection that is used once', async () => {
    const pool = poolOf(PREWARMED);
    pool.prepare(origin);
    await expect.poll(types).toEqual(['opened']);
    const lease = pool.take(origin, WANT);
    expect([lease?.origin, stage.sockets.length >= 1]).toEqual(['prewarmed', true]);
    lease?.release('keep');
  });

  it('opens nothing where nothing may stand by', () => {
    const pool = poolOf(FRESH);
    pool.prepare(origin);
    expect(pool.stats()).toMatchObject({ connecting: 0, live: 0 });
  });
});

describe('close', () => {
  it('those who wait have the grace too, and then nothing is left', async () => {
    const pool = poolOf({ ...POOLED, maxConnections: 1, maxStreams: 1 });
    const first = await wait(pool).lease;
    const waiting = wait(pool);
    const closed = pool.close(60_000);
    first.release('keep');
    (await waiting.lease).release('keep');
    await closed;
    expect(pool.views()).toEqual([]);
  });

  it('a later call may shorten the grace', async () => {
    const pool = poolOf(POOLED);
    await wait(pool).lease;
    const patient = pool.close(60_000);
    await pool.close(0);
    await patient;
    expect(types()).toEqual(['opened', 'retired', 'closed']);
  });
});
