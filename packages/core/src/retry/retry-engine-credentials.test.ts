import { expect, test } from 'vitest';
import { ResilientClient } from '../client/resilient-client.ts';
import type { CredentialSource } from '../credential/credential.ts';
import { CredentialPool } from '../credential/credential-pool.ts';
import { clientBench } from '../testing/client-bench.ts';
import { FakeClock } from '../testing/fake-clock.ts';
import { answer, type Behaviour, hangUp, saysNothing } from '../testing/upstream.ts';
import { fromText, oneShot } from '../transport/request-body.ts';

const KEYS = [
  { alias: 'first', secret: 'sk-first' },
  { alias: 'second', secret: 'sk-second' },
];

const body = () => fromText('the bytes of an image');
const inFlight = (pool: CredentialPool) => pool.list().map((key) => key.inFlight);

test.each(['repeatable', 'billable'] as const)(
  'a rate limit sends a %s request to another key at once',
  async (safety) => {
    const clock = new FakeClock();
    await using bench = await clientBench([answer(429, { 'retry-after': '60' }), answer(200)], { clock });
    const credential = new CredentialPool(KEYS, { clock });
    const got = await bench.request({ body: body(), credential, safety });
    expect(got.attempts.map((attempt) => [attempt.credential, attempt.delayMs])).toEqual([
      ['first', 0],
      ['second', 0],
    ]);
    expect(inFlight(credential)).toEqual([0, 0]);
  },
);

test('when all keys are limited the request waits for the one that is ready first, and the record says how long', async () => {
  const clock = new FakeClock();
  await using bench = await clientBench(
    [answer(429, { 'retry-after': '20' }), answer(429, { 'retry-after': '5' }), answer(200)],
    { clock, random: () => 0 },
  );
  const credential = new CredentialPool(KEYS, { clock });
  const running = bench.request({ body: body(), credential });
  expect(await clock.untilPending()).toBe(5_000);
  clock.advance(5_000);
  const got = await running;
  expect(got.attempts.map((attempt) => [attempt.credential, attempt.delayMs])).toEqual([
    ['first', 0],
    ['second', 0],
    ['second', 5_000],
  ]);
});

test('a request that comes while all keys are limited waits before its first attempt', async () => {
  const clock = new FakeClock();
  await using bench = await clientBench([answer(200)], { clock, random: () => 0.5 });
  const credential = new CredentialPool(KEYS.slice(0, 1), { clock });
  credential.take(new Set())?.release({ status: 429, retryAfterMs: 4_000 });
  const running = bench.request({ credential });
  // A twentieth is added, so that not all who wait come back at once.
  expect(await clock.untilPending()).toBe(4_200);
  clock.advance(4_200);
  expect((await running).attempts.map(({ delayMs }) => delayMs)).toEqual([4_200]);
  expect(bench.events[0]).toEqual({ type: 'credential-wait', waitMs: 4_200 });
});

test('a limit that outlasts the budget is told at once, with the time to come back', async () => {
  const clock = new FakeClock();
  await using bench = await clientBench([answer(200)], { clock });
  const credential = new CredentialPool(KEYS.slice(0, 1), { clock });
  credential.take(new Set())?.release({ status: 429, retryAfterMs: 120_000 });
  const failure = await bench.failure({ credential });
  expect(failure).toMatchObject({
    code: 'credentials_resting',
    status: 429,
    retryAfterMs: 120_000,
    attempts: [],
  });
  expect(bench.upstream.seen).toHaveLength(0);
  expect(clock.pending).toBe(0);
});

test('a limit that outlasts the deadline is told at once', async () => {
  const clock = new FakeClock();
  await using bench = await clientBench([answer(200)], { clock });
  const credential = new CredentialPool(KEYS.slice(0, 1), { clock });
  credential.take(new Set())?.release({ status: 429, retryAfterMs: 9_000 });
  const failure = await bench.failure({ credential, deadlineMs: 5_000 });
  expect(failure).toMatchObject({ code: 'credentials_resting', status: 429, retryAfterMs: 9_000 });
});

test('a wait for keys that would outlast the deadline is not begun, although a shorter one would fit', async () => {
  const clock = new FakeClock();
  await using bench = await clientBench([answer(429, { 'retry-after': '80' })], { clock });
  const credential = new CredentialPool(KEYS.slice(0, 1), { clock });
  const failure = await bench.failure({ credential, deadlineMs: 60_000 });
  expect(failure).toMatchObject({ code: 'upstream_status', status: 429, retryAfterMs: 80_000 });
  expect(failure.attempts).toHaveLength(1);
  expect(clock.pending).toBe(0);
});

test('a rest of the only key is waited for in one piece, and the log says how long it is', async () => {
  const clock = new FakeClock();
  await using bench = await clientBench([answer(429, { 'retry-after': '80' }), answer(200)], {
    clock,
    random: () => 0,
  });
  const credential = new CredentialPool(KEYS.slice(0, 1), { clock });
  const running = bench.request({ credential });
  expect(await clock.untilPending()).toBe(80_000);
  clock.advance(80_000);
  expect((await running).attempts.map(({ delayMs }) => delayMs)).toEqual([0, 80_000]);
  expect(bench.log.messages()).toEqual([
    'Retry 1/3 for status 429, waiting 80.0s',
    'Retry succeeded after 1 attempts',
  ]);
});

test('keys that are told to come back now are not all used up within a moment', async () => {
  const clock = new FakeClock();
  await using bench = await clientBench([answer(429, { 'retry-after': '0' })], { clock, random: () => 0 });
  const credential = new CredentialPool(KEYS, { clock });
  const running = bench.failure({ credential });
  expect(await clock.untilPending()).toBe(1_000);
  expect(bench.upstream.seen).toHaveLength(2);
  clock.advance(1_000);
  expect((await running).attempts).toHaveLength(4);
  expect(credential.list().map(({ restMs }) => restMs)).toEqual([2_000, 2_000]);
});

test('when every key is refused nobody is kept waiting for the next probe', async () => {
  const clock = new FakeClock();
  await using bench = await clientBench([answer(401)], { clock });
  const credential = new CredentialPool(KEYS, { clock, random: () => 0 });
  expect(await bench.failure({ credential })).toMatchObject({ code: 'upstream_status', status: 401 });
  const failure = await bench.failure({ credential });
  expect(failure).toMatchObject({ code: 'credentials_resting', status: 503, retryAfterMs: 5_000 });
  expect(bench.upstream.seen).toHaveLength(2);
  clock.advance(5_000);
  expect(await bench.failure({ credential })).toMatchObject({ code: 'upstream_status', status: 401 });
});

test('of two requests that come at the same moment for the one key whose turn to be probed it is, one goes, and none without a key', async () => {
  const clock = new FakeClock();
  await using bench = await clientBench([answer(200)], { clock });
  const credential = new CredentialPool(KEYS.slice(0, 1), { clock });
  credential.take(new Set())?.release({ status: 401 });
  clock.advance(5_000);
  const [probe, other] = await Promise.all([bench.request({ credential }), bench.failure({ credential })]);
  expect(bench.upstream.seen.map(({ headers }) => headers.authorization)).toEqual(['Bearer sk-first']);
  expect(probe.status).toBe(200);
  expect(other).toMatchObject({ code: 'credentials_resting', status: 503, attempts: [] });
});

test('a source that promises a credential and then has none sends nothing', async () => {
  await using bench = await clientBench([answer(200)]);
  const credential: CredentialSource = {
    outlook: () => ({ type: 'ready' }),
    take: () => undefined,
    only: () => credential,
    list: () => [],
  };
  expect(await bench.failure({ credential })).toMatchObject({ code: 'overloaded', attempts: [] });
  expect(bench.upstream.seen).toHaveLength(0);
});

const FIVE = ['a', 'b', 'c', 'd', 'e'].map((alias) => ({ alias, secret: `sk-${alias}` }));

/** Four keys are revoked, and their time to be probed has come. */
async function fourRevoked() {
  const clock = new FakeClock();
  const revoked: Behaviour = (response, request) =>
    answer(request.headers.authorization === 'Bearer sk-e' ? 200 : 401)(response, request);
  const bench = await clientBench([revoked], { clock });
  const credential = new CredentialPool(FIVE, { clock });
  for (const { alias } of FIVE.slice(0, 4)) credential.only(alias).take(new Set())?.release({ status: 401 });
  clock.advance(5_000);
  return { bench, credential, clock };
}

test('a request probes one revoked key and then uses the healthy one, however many are due for a probe', async () => {
  const { bench, credential } = await fourRevoked();
  await using _ = bench;
  const got = await bench.request({ credential });
  expect(got.attempts.map((attempt) => attempt.credential)).toEqual(['a', 'e']);
});

test('a request that cannot be sent twice probes no revoked key while another is healthy', async () => {
  const { bench, credential } = await fourRevoked();
  await using _ = bench;
  const once = oneShot(body().open());
  const got = await bench.request({ credential, body: once });
  expect(got.attempts.map((attempt) => attempt.credential)).toEqual(['e']);
});

test('the last retry is not spent on a probe', async () => {
  const { bench, credential, clock } = await fourRevoked();
  await using _ = bench;
  const client = new ResilientClient({
    transports: { isolated: bench.isolated, shared: bench.shared },
    policy: { maxRetries: 0 },
    clock,
  });
  const got = await client.request({
    method: 'GET',
    url: bench.upstream.url,
    headers: {},
    safety: 'repeatable',
    label: 'look',
    credential,
  });
  expect(got.attempts.map((attempt) => attempt.credential)).toEqual(['e']);
});

test('when no key is healthy, the refused ones whose time has come are tried', async () => {
  const { bench, credential } = await fourRevoked();
  await using _ = bench;
  credential.only('e').take(new Set())?.release({ status: 401 });
  const failure = await bench.failure({ credential });
  expect(failure).toMatchObject({ code: 'upstream_status', status: 401 });
  expect(failure.attempts.map((attempt) => attempt.credential)).toEqual(['a', 'b', 'c', 'd']);
});

test('the caller hears of the key that is ready first, not of the one that was limited last', async () => {
  const clock = new FakeClock();
  await using bench = await clientBench([answer(429, { 'retry-after': '300' })], { clock });
  const credential = new CredentialPool(KEYS, { clock });
  credential.take(new Set())?.release({ status: 429, retryAfterMs: 100_000 });
  const failure = await bench.failure({ credential });
  expect(failure).toMatchObject({ code: 'upstream_status', status: 429, retryAfterMs: 100_000 });
  expect(failure.attempts.map((attempt) => attempt.credential)).toEqual(['second']);
});

test('no attempt stays in flight after an abort, a broken connection, a deadline or an event listener that throws', async () => {
  const clock = new FakeClock();
  await using bench = await clientBench([saysNothing, hangUp, saysNothing, answer(200)], { clock });
  const credential = new CredentialPool(KEYS, { clock });
  const controller = new AbortController();
  const aborted = bench.failure({ credential, signal: controller.signal });
  await bench.upstream.untilSeen(1);
  expect(inFlight(credential)).toEqual([1, 0]);
  controller.abort();
  expect(await aborted).toMatchObject({ code: 'aborted' });
  expect(await bench.failure({ credential, safety: 'billable' })).toMatchObject({
    code: 'upstream_unknown_outcome',
  });
  const late = bench.failure({ credential, deadlineMs: 1_000 });
  await bench.upstream.untilSeen(3);
  clock.advance(1_000);
  expect(await late).toMatchObject({ code: 'deadline_exceeded' });
  const odd = bench.request({
    credential,
    onEvent: () => {
      throw new Error('a listener must not throw');
    },
  });
  await expect(odd).rejects.toThrow('a listener must not throw');
  expect(inFlight(credential)).toEqual([0, 0]);
});

test('a caller who aborts ends a wait for a key at once', async () => {
  const clock = new FakeClock();
  await using bench = await clientBench([answer(200)], { clock });
  const credential = new CredentialPool(KEYS.slice(0, 1), { clock });
  credential.take(new Set())?.release({ status: 429, retryAfterMs: 9_000 });
  const controller = new AbortController();
  const running = bench.failure({ credential, signal: controller.signal });
  await clock.untilPending();
  controller.abort();
  expect(await running).toMatchObject({ code: 'aborted', attempts: [] });
  expect(clock.pending).toBe(0);
});

test('retries tell their number in the header that the upstream is known to take, the first attempt does not', async () => {
  await using bench = await clientBench([answer(503), answer(503), answer(200)]);
  await bench.request({ body: body(), attemptHeader: 'x-stainless-retry-count' });
  expect(bench.upstream.seen.map((seen) => seen.headers['x-stainless-retry-count'])).toEqual([
    undefined,
    '1',
    '2',
  ]);
  expect(bench.isolated.requests).toHaveLength(3);
});

test('without such a header the attempts are alike', async () => {
  await using bench = await clientBench([answer(503), answer(200)]);
  await bench.request({ body: body() });
  const [first, second] = bench.upstream.seen.map((seen) => Object.keys(seen.headers));
  expect(first).toEqual(second);
});
