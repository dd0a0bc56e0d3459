import { expect, test } from 'vitest';
import { clientBench } from '../testing/client-bench.ts';
import { FakeClock } from '../testing/fake-clock.ts';
import { answer } from '../testing/upstream.ts';
import { fromText } from '../transport/request-body.ts';

const image = () => fromText('the bytes of an image');

const policy = { backoffBaseMs: 500 };

test('the wait before a retry is the back-off of the policy with full jitter', async () => {
  const clock = new FakeClock();
  await using bench = await clientBench([answer(503), answer(502), answer(200)], {
    clock,
    policy,
    random: () => 0.5,
  });
  const running = bench.request({ body: image() });
  expect(await clock.untilPending()).toBe(250);
  clock.advance(250);
  expect(await clock.untilPending()).toBe(500);
  clock.advance(500);
  await running;
  expect(bench.log.messages()).toEqual([
    'Retry 1/3 for status 503, waiting 0.25s',
    'Retry 2/3 for status 502, waiting 0.5s',
    'Retry succeeded after 2 attempts',
  ]);
});

test.each([
  ['seconds', () => ({ 'retry-after': '7' })],
  ['milliseconds', () => ({ 'retry-after-ms': '7000' })],
  [
    'a date',
    () => ({ 'retry-after': 'Mon, 23 Nov 2026 17:00:07 GMT', date: 'Mon, 23 Nov 2026 17:00:00 GMT' }),
  ],
])('Retry-After as %s is waited for', async (_name, headers) => {
  const clock = new FakeClock();
  await using bench = await clientBench([answer(429, headers()), answer(200)], {
    clock,
    policy,
    random: () => 0,
  });
  const running = bench.request({ body: image(), safety: 'billable' });
  expect(await clock.untilPending()).toBe(7_000);
  clock.advance(7_000);
  expect((await running).status).toBe(200);
});

test('a malformed Retry-After counts as none', async () => {
  const clock = new FakeClock();
  await using bench = await clientBench([answer(429, { 'retry-after': 'soon' }), answer(200)], {
    clock,
    policy,
    random: () => 0,
  });
  const running = bench.request();
  expect(await clock.untilPending()).toBe(500);
  clock.advance(500);
  await running;
});

test('an upstream that asks for an hour is not waited for, and the caller learns how long it asked for', async () => {
  await using bench = await clientBench([answer(503, { 'retry-after': '3600' })]);
  const failure = await bench.failure();
  expect(failure).toMatchObject({ code: 'upstream_status', status: 503, retryAfterMs: 3_600_000 });
  expect(failure.attempts).toHaveLength(1);
});

test('an edit is not sent again after a 503 that names a time where that is not trusted, and may have been made', async () => {
  await using bench = await clientBench([answer(503, { 'retry-after': '5' }), answer(200)], {
    policy: { trustUnavailable: false },
  });
  const failure = await bench.failure({ safety: 'billable', label: 'edit' });
  expect(failure).toMatchObject({
    code: 'upstream_status',
    status: 503,
    retryAfterMs: 5_000,
    outcomeUnknown: true,
    message: 'edit failed: the upstream answered 503; the upstream may have acted on a billable request',
  });
  expect(bench.upstream.seen).toHaveLength(1);
});

test('the waits of one request together stay within its budget', async () => {
  const clock = new FakeClock();
  await using bench = await clientBench([answer(429, { 'retry-after': '25' })], {
    clock,
    policy: { budgetMs: 60_000 },
    random: () => 0,
  });
  const running = bench.failure();
  for (let wait = 1; wait <= 2; wait += 1) {
    expect(await clock.untilPending()).toBe(25_000);
    clock.advance(25_000);
  }
  expect((await running).attempts).toHaveLength(3);
});

test('a wait that would outlast the deadline is not begun', async () => {
  const clock = new FakeClock();
  await using bench = await clientBench([answer(503, { 'retry-after': '10' })], { clock });
  const failure = await bench.failure({ deadlineMs: 5_000 });
  expect(failure).toMatchObject({ code: 'upstream_status', status: 503, retryAfterMs: 10_000 });
  expect(clock.pending).toBe(0);
});

test('a rate limit that names no time is met with longer and longer waits', async () => {
  const clock = new FakeClock();
  await using bench = await clientBench([answer(429), answer(429), answer(200)], {
    clock,
    policy,
    random: () => 0.5,
  });
  const running = bench.request();
  expect(await clock.untilPending()).toBe(1_000);
  clock.advance(1_000);
  expect(await clock.untilPending()).toBe(1_750);
  clock.advance(1_750);
  expect((await running).status).toBe(200);
});

test.each([
  ['no seconds', { 'retry-after': '0' }],
  ['a date that has passed', { 'retry-after': new Date(0).toUTCString() }],
])('an upstream that says %s again and again is not sent four requests at once', async (_name, headers) => {
  const clock = new FakeClock();
  await using bench = await clientBench([answer(503, headers)], { clock, policy, random: () => 0.5 });
  const running = bench.failure();
  for (const waitMs of [1_000, 1_750, 2_875]) {
    expect(await clock.untilPending()).toBe(waitMs);
    clock.advance(waitMs);
  }
  expect((await running).attempts).toHaveLength(4);
});

test('the log and the record say the wait as it is, with what it was spread by', async () => {
  const clock = new FakeClock();
  await using bench = await clientBench([answer(429, { 'retry-after': '5' }), answer(200)], {
    clock,
    policy,
    random: () => 0.5,
  });
  const running = bench.request();
  expect(await clock.untilPending()).toBe(5_250);
  clock.advance(5_250);
  expect((await running).attempts.map(({ delayMs }) => delayMs)).toEqual([0, 5_250]);
  expect(bench.log.messages()[0]).toBe('Retry 1/3 for status 429, waiting 5.25s');
});
