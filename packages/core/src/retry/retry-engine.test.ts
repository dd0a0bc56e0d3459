import { getEventListeners } from 'node:events';
import { describe, expect, test } from 'vitest';
import type { Answer } from '../client/request.ts';
import { CredentialPool, singleCredential } from '../credential/credential-pool.ts';
import { clientBench } from '../testing/client-bench.ts';
import { FakeClock } from '../testing/fake-clock.ts';
import { answer, hangUp, saysNothing, truncated } from '../testing/upstream.ts';
import { fromText, oneShot } from '../transport/request-body.ts';
import { RetryBudget } from './retry-budget.ts';

const image = () => fromText('the bytes of an image');

async function* once(text: string): AsyncGenerator<Uint8Array, void, undefined> {
  yield new TextEncoder().encode(text);
}

describe('a request that recovers', () => {
  test('a 503 and then a 200 is an answer after one retry', async () => {
    await using bench = await clientBench([answer(503), answer(200, {}, '{"id":"file_1"}')]);
    const got = await bench.request({ body: image() });
    expect(got.json()).toEqual({ id: 'file_1' });
    expect(got.attempts.map((attempt) => attempt.status)).toEqual([503, 200]);
    expect(bench.upstream.seen.map((request) => request.body.toString())).toEqual([
      'the bytes of an image',
      'the bytes of an image',
    ]);
    expect(bench.log.messages()).toEqual([
      'Retry 1/3 for status 503, waiting 0.0s',
      'Retry succeeded after 1 attempts',
    ]);
  });

  test('an upload whose connection is closed without an answer arrives on the second attempt', async () => {
    await using bench = await clientBench([hangUp, answer(200)]);
    const got = await bench.request({ body: image() });
    expect(got.attempts.map((attempt) => attempt.error?.delivery)).toEqual(['unknown', undefined]);
    expect(bench.log.messages()).toEqual([
      'Transport error during upload: the connection or stream was reset while waiting for the answer',
      'Retry 1/3 for status 502, waiting 0.0s',
      'Retry succeeded after 1 attempts',
    ]);
  });

  test('an attempt after a failure keeps away from the connection that failed', async () => {
    await using bench = await clientBench([hangUp, hangUp, answer(200)]);
    const got = await bench.request({ body: image() });
    const used = got.attempts.map((attempt) => attempt.exchange.connectionId);
    expect(bench.isolated.attempts.map((attempt) => [...(attempt.avoidConnections ?? [])])).toEqual([
      [],
      [used[0]],
      [used[0], used[1]],
    ]);
  });

  test('a truncated answer to an upload is asked for again', async () => {
    await using bench = await clientBench([truncated(200, '{"id":', 30), answer(200, {}, '{"id":"file_1"}')]);
    const got = await bench.request({ body: image() });
    expect(got.json()).toEqual({ id: 'file_1' });
    expect(got.attempts[0]?.error).toMatchObject({ phase: 'body', delivery: 'answered' });
  });

  test('a refused key makes way for the next one at once', async () => {
    await using bench = await clientBench([answer(401), answer(200)]);
    const credential = new CredentialPool([
      { alias: 'first', secret: 'sk-first' },
      { alias: 'second', secret: 'sk-second' },
    ]);
    const got = await bench.request({ body: image(), credential });
    expect(bench.upstream.seen.map((request) => request.headers.authorization)).toEqual([
      'Bearer sk-first',
      'Bearer sk-second',
    ]);
    expect(got.attempts.map((attempt) => attempt.credential)).toEqual(['first', 'second']);
    expect(credential.list().map((key) => key.state)).toEqual(['refused', 'ready']);
  });

  test('a one-shot body that was never opened can still be sent', async () => {
    await using bench = await clientBench([answer(200)]);
    await using gone = await clientBench([answer(200)]);
    const { port } = gone.upstream.url;
    await gone.upstream.close();
    const url = new URL(`http://127.0.0.1:${port}/`);
    const body = oneShot(once('once'));
    const failure = await bench.failure({ url, body });
    expect(failure).toMatchObject({ code: 'upstream_transport', status: 502 });
    expect(failure.attempts).toHaveLength(4);
    const got = await bench.request({ body });
    expect(got.status).toBe(200);
    expect(bench.upstream.seen[0]?.body.toString()).toBe('once');
  });
});

describe('a request that is given up', () => {
  test('an upstream that stays down is asked four times, and its last answer is told', async () => {
    await using bench = await clientBench([answer(503, { 'x-request-id': 'r1' }, 'come back later')]);
    const failure = await bench.failure({ body: image() });
    expect(failure).toMatchObject({
      code: 'upstream_status',
      status: 503,
      excerpt: 'come back later',
      outcomeUnknown: false,
      message: 'upload failed: the upstream answered 503 after 3 retries; the retries are used up',
    });
    expect(failure.headers?.['x-request-id']).toBe('r1');
    expect(failure.attempts).toHaveLength(4);
    expect(bench.upstream.seen).toHaveLength(4);
  });

  test.each([400, 404, 413, 422, 302])('%i is final', async (status) => {
    await using bench = await clientBench([answer(status)]);
    const failure = await bench.failure({ body: image() });
    expect(failure).toMatchObject({ code: 'upstream_status', status });
    expect(bench.upstream.seen).toHaveLength(1);
  });

  test.each([401, 403])('%i with one key is final at once', async (status) => {
    await using bench = await clientBench([answer(status)]);
    const failure = await bench.failure({ body: image(), credential: singleCredential('sk-only') });
    expect(failure).toMatchObject({ code: 'upstream_status', status });
    expect(bench.upstream.seen).toHaveLength(1);
  });

  test('every key is tried once and no more', async () => {
    await using bench = await clientBench([answer(403)]);
    const credential = new CredentialPool([
      { alias: 'first', secret: 'sk-first' },
      { alias: 'second', secret: 'sk-second' },
    ]);
    const failure = await bench.failure({ body: image(), credential });
    expect(failure.attempts.map((attempt) => attempt.credential)).toEqual(['first', 'second']);
  });

  test('an edit whose connection breaks is not sent again, and its failure says why', async () => {
    await using bench = await clientBench([hangUp]);
    const failure = await bench.failure({ body: image(), safety: 'billable', label: 'edit' });
    expect(failure).toMatchObject({ code: 'upstream_unknown_outcome', status: 502, outcomeUnknown: true });
    expect(bench.upstream.seen).toHaveLength(1);
  });

  test('an edit whose answer is cut short is not paid for twice', async () => {
    await using bench = await clientBench([truncated(200, '{"data":', 100)]);
    const failure = await bench.failure({ body: image(), safety: 'billable', label: 'edit' });
    expect(failure).toMatchObject({ code: 'upstream_unknown_outcome', outcomeUnknown: true });
    expect(bench.upstream.seen).toHaveLength(1);
  });

  test('an edit that a proxy answered with 502 keeps that status and says that it may have been done', async () => {
    await using bench = await clientBench([
      answer(502, { 'content-type': 'text/html' }, '<h1>Bad Gateway</h1>'),
    ]);
    const failure = await bench.failure({ body: image(), safety: 'billable', label: 'edit' });
    expect(failure).toMatchObject({
      code: 'upstream_status',
      status: 502,
      excerpt: '<h1>Bad Gateway</h1>',
      outcomeUnknown: true,
    });
    expect(bench.upstream.seen).toHaveLength(1);
  });

  test('an edit whose connection cannot be opened is tried again, since nothing left', async () => {
    await using bench = await clientBench([answer(200)]);
    await bench.upstream.close();
    const failure = await bench.failure({ body: image(), safety: 'billable' });
    expect(failure).toMatchObject({ code: 'upstream_transport', outcomeUnknown: false });
    expect(failure.attempts).toHaveLength(4);
  });

  test('a body that can be sent only once ends the request when a retry is due', async () => {
    await using bench = await clientBench([answer(503, {}, 'later'), answer(200)]);
    const failure = await bench.failure({ body: oneShot(once('once')) });
    expect(failure).toMatchObject({ code: 'body_not_replayable', status: 503, excerpt: 'later' });
    expect(bench.upstream.seen).toHaveLength(1);
  });

  test('a body that cannot be read is not blamed on the upstream', async () => {
    await using bench = await clientBench([answer(200)]);
    const broken = new Error('disk on fire');
    const body = oneShot(
      (async function* () {
        yield new Uint8Array(10);
        throw broken;
      })(),
    );
    const failure = await bench.failure({ body, safety: 'billable' });
    expect(failure).toMatchObject({ code: 'body_source', status: 499, outcomeUnknown: false });
    expect((failure.cause as Error).cause).toBe(broken);
    expect(bench.upstream.seen).toHaveLength(0);
  });

  test('a client that is closed answers that it is overloaded', async () => {
    await using bench = await clientBench([answer(200)]);
    await bench.client.close();
    const failure = await bench.failure({ body: image() });
    expect(failure).toMatchObject({ code: 'overloaded', status: 503 });
    expect(failure.attempts).toHaveLength(1);
  });

  test('a source without a credential sends nothing', async () => {
    await using bench = await clientBench([answer(200)]);
    const credential = { take: () => undefined, report: () => undefined };
    const failure = await bench.failure({ credential });
    expect(failure).toMatchObject({ code: 'overloaded', status: 503, attempts: [] });
    expect(bench.upstream.seen).toHaveLength(0);
  });

  test('retries of all requests together stay within the budget', async () => {
    const budget = new RetryBudget({ floor: 2, clock: new FakeClock() });
    await using bench = await clientBench([answer(503)], { budget });
    const failures = [await bench.failure(), await bench.failure(), await bench.failure()];
    expect(failures.map((failure) => failure.attempts.length)).toEqual([3, 1, 1]);
    expect(failures[1]?.message).toContain('too many requests are being retried');
  });
});

describe('waiting', () => {
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
    await using bench = await clientBench([answer(429, headers()), answer(200)], { clock, policy });
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

  test('the waits of one request together stay within its budget', async () => {
    const clock = new FakeClock();
    await using bench = await clientBench([answer(429, { 'retry-after': '25' })], {
      clock,
      policy: { budgetMs: 60_000 },
    });
    const running = bench.failure();
    for (let wait = 1; wait <= 2; wait += 1) {
      expect(await clock.untilPending()).toBe(25_000);
      clock.advance(25_000);
    }
    expect((await running).attempts).toHaveLength(3);
  });

  test('after a rate limit a key that is not limited is used', async () => {
    const clock = new FakeClock();
    await using bench = await clientBench([answer(429, { 'retry-after': '1' }), answer(200)], { clock });
    const credential = new CredentialPool(
      [
        { alias: 'first', secret: 'sk-first' },
        { alias: 'second', secret: 'sk-second' },
      ],
      { clock },
    );
    const running = bench.request({ credential });
    await clock.untilPending();
    clock.advance(1_000);
    expect((await running).attempts.map((attempt) => attempt.credential)).toEqual(['first', 'second']);
  });

  test('a wait that would outlast the deadline is not begun', async () => {
    const clock = new FakeClock();
    await using bench = await clientBench([answer(503, { 'retry-after': '10' })], { clock });
    const failure = await bench.failure({ deadlineMs: 5_000 });
    expect(failure).toMatchObject({ code: 'upstream_status', status: 503, retryAfterMs: 10_000 });
    expect(clock.pending).toBe(0);
  });
});

describe('a request that is ended', () => {
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
    const got: Answer = await bench.request({ signal, deadlineMs: 60_000 });
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
});
