import { describe, expect, test } from 'vitest';
import type { CredentialSource } from '../credential/credential.ts';
import { CredentialPool } from '../credential/credential-pool.ts';
import { singleCredential } from '../credential/single-credential.ts';
import { clientBench } from '../testing/client-bench.ts';
import { FakeClock } from '../testing/fake-clock.ts';
import { answer, hangUp, truncated } from '../testing/upstream.ts';
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
    const credential: CredentialSource = {
      outlook: () => ({ type: 'none' }),
      take: () => undefined,
      only: () => credential,
      list: () => [],
    };
    const failure = await bench.failure({ credential });
    expect(failure).toMatchObject({ code: 'overloaded', status: 503, attempts: [] });
    expect(bench.upstream.seen).toHaveLength(0);
  });

  test('each request adds to the budget of retries', async () => {
    const budget = new RetryBudget({ ratio: 1, floor: 0, clock: new FakeClock() });
    await using bench = await clientBench([answer(503)], { budget });
    expect((await bench.failure()).attempts).toHaveLength(2);
  });

  test('retries of all requests together stay within the budget', async () => {
    const budget = new RetryBudget({ floor: 2, clock: new FakeClock() });
    await using bench = await clientBench([answer(503)], { budget });
    const failures = [await bench.failure(), await bench.failure(), await bench.failure()];
    expect(failures.map((failure) => failure.attempts.length)).toEqual([3, 1, 1]);
    expect(failures[1]?.message).toContain('too many requests are being retried');
  });
});
