import { afterEach, beforeEach, expect, it } from 'vitest';
import { FRESH, POOLED, PREWARMED, type ReusePolicy } from '../transport/reuse-policy.ts';
import type { Verdict } from './lease.ts';
import { type LinePool, LineStage } from './testing/line-stage.ts';

let stage: LineStage;
beforeEach(async () => {
  stage = await LineStage.open();
});
afterEach(() => stage.close());

const WANT = { connectMs: 10_000, avoid: undefined, onConnecting: () => undefined };
const wait = (pool: LinePool, avoid?: ReadonlySet<string>) =>
  pool.wait(stage.origin, { ...WANT, avoid }).lease;

it('what happens to a connection is told in order, each at its time', async () => {
  const { clock, events, origin } = stage;
  const start = clock.wallNow();
  const pool = stage.pool({ ...POOLED, proveAfterIdleMs: 1_000, maxIdleMs: 30_000 });
  const told = (count: number) => expect.poll(() => events).toHaveLength(count);

  pool.prepare(origin);
  await told(1);
  clock.advance(100);
  (await wait(pool)).release('keep');
  clock.advance(200);
  (await wait(pool)).release('keep');
  clock.advance(1_500);
  const third = await wait(pool);
  clock.advance(50);
  third.release('stream-error');
  await told(6);
  (await wait(pool)).release('keep');
  clock.advance(30_000);
  await told(9);

  const of = (line: number, at: number) => ({
    connectionId: `line-${line}`,
    origin: origin.origin,
    at: start + at,
  });
  expect(events).toEqual([
    { ...of(1, 0), type: 'opened', ahead: true, rttMs: 0 },
    { ...of(1, 300), type: 'reused', uses: 2 },
    { ...of(1, 1_800), type: 'proved', rttMs: 0 },
    { ...of(1, 1_800), type: 'reused', uses: 3 },
    { ...of(1, 1_850), type: 'retired', reason: 'stream-error' },
    { ...of(1, 1_850), type: 'closed', uses: 3, ageMs: 1_850 },
    { ...of(2, 1_850), type: 'opened', ahead: false, rttMs: 0 },
    { ...of(2, 31_850), type: 'retired', reason: 'idle' },
    { ...of(2, 31_850), type: 'closed', uses: 1, ageMs: 30_000 },
  ]);
});

const CAP = 3;
const VERDICTS: readonly Verdict[] = ['keep', 'refused', 'keep', 'stream-error', 'interrupted'];

it.each<[string, ReusePolicy]>([
  ['FRESH', FRESH],
  ['PREWARMED', { ...PREWARMED, spares: 2 }],
  ['POOLED', { ...POOLED, maxStreams: 2 }],
  ['POOLED, one request at a time', { ...POOLED, maxStreams: 1, maxUses: 3 }],
])('%s: at no moment are there more connections than maxConnections', async (_, policy) => {
  const pool = stage.pool({ ...policy, maxConnections: CAP });
  const seen: number[] = [];
  stage.onNews = () => {
    const { live, connecting } = pool.stats();
    seen.push(live + connecting);
  };
  const request = async (_: unknown, index: number) => {
    const lease = await wait(pool);
    if (index % 3 === 0) pool.prepare(stage.origin);
    await new Promise((resolve) => setImmediate(resolve));
    lease.release(VERDICTS[index % VERDICTS.length] ?? 'keep');
    // As a retry does that was refused.
    if (index % 4 === 0) (await wait(pool, new Set([lease.connection.id]))).release('keep');
  };
  await Promise.all(Array.from({ length: 40 }, request));
  expect(Math.max(...seen)).toBe(CAP);
  await expect.poll(() => stage.sockets.length).toBe(stage.lines.length);
});
