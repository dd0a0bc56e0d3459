import { getEventListeners } from 'node:events';
import { expect, test } from 'vitest';
import { clientBench } from '../testing/client-bench.ts';
import { FakeClock } from '../testing/fake-clock.ts';
import { answer, saysNothing } from '../testing/upstream.ts';
import { fromText } from '../transport/request-body.ts';

const image = () => fromText('the bytes of an image');

test('the deadline ends an attempt under way', async () => {
  const clock = new FakeClock();
  await using bench = await clientBench([saysNothing], { clock });
  const running = bench.failure({ body: image(), deadlineMs: 5_000 });
  await bench.upstream.untilSeen(1);
  clock.advance(5_000);
  expect(await running).toMatchObject({ code: 'deadline_exceeded', status: 504, outcomeUnknown: false });
  expect(clock.pending).toBe(0);
});

test('an edit that the deadline ends may have been done', async () => {
  const clock = new FakeClock();
  await using bench = await clientBench([saysNothing], { clock });
  const running = bench.failure({ body: image(), safety: 'billable', deadlineMs: 5_000 });
  await bench.upstream.untilSeen(1);
  clock.advance(5_000);
  expect(await running).toMatchObject({ code: 'deadline_exceeded', status: 504, outcomeUnknown: true });
});

test('a deadline that has passed before the start sends nothing', async () => {
  await using bench = await clientBench([answer(200)]);
  const failure = await bench.failure({ deadlineMs: 0 });
  expect(failure).toMatchObject({ code: 'deadline_exceeded', attempts: [] });
  expect(bench.upstream.seen).toHaveLength(0);
});

test('a caller who aborts ends an attempt under way, and nothing stays on its signal', async () => {
  await using bench = await clientBench([saysNothing]);
  const controller = new AbortController();
  const running = bench.failure({ body: image(), signal: controller.signal });
  await bench.upstream.untilSeen(1);
  controller.abort();
  const failure = await running;
  expect(failure).toMatchObject({ code: 'aborted', status: 499 });
  expect(failure.attempts[0]?.error).toMatchObject({ kind: 'aborted', delivery: 'unknown' });
  expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
  expect(bench.isolated.stats().streams).toBe(0);
});

test('a caller who aborts ends a wait at once', async () => {
  const clock = new FakeClock();
  await using bench = await clientBench([answer(503, { 'retry-after': '20' })], { clock });
  const controller = new AbortController();
  const running = bench.failure({ signal: controller.signal, deadlineMs: 60_000 });
  await clock.untilPending(2);
  controller.abort();
  expect(await running).toMatchObject({ code: 'aborted', status: 499 });
  expect(clock.pending).toBe(0);
  expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
});

test('a caller who aborted before the start sends nothing', async () => {
  await using bench = await clientBench([answer(200)]);
  const failure = await bench.failure({ signal: AbortSignal.abort() });
  expect(failure).toMatchObject({ code: 'aborted', attempts: [] });
  expect(bench.upstream.seen).toHaveLength(0);
});

test('a request that ends well leaves no timer and no listener', async () => {
  const clock = new FakeClock();
  await using bench = await clientBench([answer(200)], { clock });
  const { signal } = new AbortController();
  const got = await bench.request({ signal, deadlineMs: 60_000 });
  expect(got.status).toBe(200);
  expect(clock.pending).toBe(0);
  expect(getEventListeners(signal, 'abort')).toHaveLength(0);
});

test('an attempt that is slower than its limit fails, and the next one may be faster', async () => {
  await using bench = await clientBench([saysNothing, answer(200)]);
  const got = await bench.request({ body: image(), limits: { headersMs: 50 } });
  expect(got.attempts[0]?.error).toMatchObject({ kind: 'timeout', phase: 'headers', delivery: 'unknown' });
  expect(got.status).toBe(200);
});
