import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { CredentialPool } from '../credential/credential-pool.ts';
import { singleCredential } from '../credential/single-credential.ts';
import { clientBench } from '../testing/client-bench.ts';
import { FakeClock } from '../testing/fake-clock.ts';
import { answer, hangUp, saysNothing, truncated } from '../testing/upstream.ts';
import { fromBytes, fromFactory, fromText } from '../transport/request-body.ts';
import { DEFAULT_ATTEMPT_LIMITS, type Transport } from '../transport/transport.ts';
import type { RequestEvent } from './request.ts';
import { ResilientClient } from './resilient-client.ts';

const SECRET = 'sk-very-secret-key-0123456789';

describe('what goes out', () => {
  test('a request goes over connections of its own unless it asks to share one', async () => {
    await using bench = await clientBench([answer(200)]);
    await bench.request();
    await bench.request({ reuseSession: false });
    await bench.request({ reuseSession: true });
    expect([bench.isolated.requests.length, bench.shared.requests.length]).toEqual([2, 1]);
  });

  test('the credential is sent as a bearer token, beside the headers of the request', async () => {
    await using bench = await clientBench([answer(200)]);
    await bench.request({ headers: { 'x-trace': 't1' }, credential: singleCredential(SECRET) });
    expect(bench.upstream.seen[0]?.headers).toMatchObject({
      authorization: `Bearer ${SECRET}`,
      'x-trace': 't1',
    });
  });

  test('a request without a credential carries no authorization', async () => {
    await using bench = await clientBench([answer(200)]);
    await bench.request();
    expect(bench.upstream.seen[0]?.headers.authorization).toBeUndefined();
  });

  test("a request's limits come before the client's, and those before the defaults", async () => {
    await using bench = await clientBench([answer(200)], { limits: { connectMs: 1_111, idleMs: 2_222 } });
    await bench.request({ limits: { idleMs: 3_333 } });
    expect(bench.isolated.attempts[0]?.limits).toEqual({
      ...DEFAULT_ATTEMPT_LIMITS,
      connectMs: 1_111,
      idleMs: 3_333,
    });
  });
});

describe('what comes back', () => {
  test('an answer has its status, headers, bytes, text and JSON', async () => {
    await using bench = await clientBench([answer(201, { 'x-request-id': 'r1' }, '{"name":"café"}')]);
    const got = await bench.request();
    expect(got.status).toBe(201);
    expect(got.headers['x-request-id']).toBe('r1');
    expect(got.text()).toBe('{"name":"café"}');
    expect(got.bytes.byteLength).toBe(16);
    expect(got.json()).toEqual({ name: 'café' });
  });

  test('an answer comes with the record of its attempts and the facts of its exchange', async () => {
    const clock = new FakeClock();
    await using bench = await clientBench([answer(200, {}, 'four')], { clock });
    const got = await bench.request({
      body: fromText('seven b'),
      credential: singleCredential(SECRET, 'main'),
    });
    expect(got.exchange).toMatchObject({
      protocol: 'http/1.1',
      bodyOpened: true,
      bytesSent: 7,
      bytesReceived: 4,
    });
    expect(got.attempts).toEqual([
      {
        attempt: 1,
        startedAt: clock.wallNow(),
        durationMs: 0,
        delayMs: 0,
        phase: 'body',
        delivery: 'answered',
        status: 200,
        exchange: got.exchange,
        credential: 'main',
      },
    ]);
  });

  test.each([
    ['', 'an empty body'],
    ['<html>', 'a body that is not JSON'],
    ['{"id":', 'a body that is not JSON'],
  ])('a 200 with the body %j where JSON was expected is named', async (body, words) => {
    await using bench = await clientBench([answer(200, {}, body)]);
    const got = await bench.request({ safety: 'billable', label: 'edit' });
    expect(() => got.json()).toThrow(
      expect.objectContaining({
        name: 'RequestFailure',
        code: 'upstream_bad_answer',
        status: 502,
        excerpt: body,
        outcomeUnknown: true,
        message: `edit failed: the upstream answered 200 with ${words}`,
      }),
    );
  });

  test('an answer longer than the caller takes fails at once and is not asked for again', async () => {
    await using bench = await clientBench([answer(200, {}, 'x'.repeat(1_001))]);
    const failure = await bench.failure({ maxResponseBytes: 1_000 });
    expect(failure).toMatchObject({ code: 'upstream_bad_answer', status: 502 });
    expect(failure.message).toContain('longer than 1000 bytes');
    expect(bench.upstream.seen).toHaveLength(1);
    expect(bench.isolated.stats().streams).toBe(0);
  });

  test('an answer of exactly the length the caller takes is whole', async () => {
    await using bench = await clientBench([answer(200, {}, 'x'.repeat(1_000))]);
    expect((await bench.request({ maxResponseBytes: 1_000 })).bytes.byteLength).toBe(1_000);
  });

  test('an error page is kept as a short excerpt without control characters', async () => {
    await using bench = await clientBench([answer(404, {}, `a\u0000b\u001b[31m\r\n${'é'.repeat(5_000)}`)]);
    const { excerpt } = await bench.failure();
    expect(excerpt).toMatch(/^a b \[31m/);
    expect(Buffer.byteLength(excerpt ?? '')).toBeLessThanOrEqual(2_048);
    expect(excerpt).not.toContain('\ufffd');
  });

  test('a huge error page is not read to its end', async () => {
    await using bench = await clientBench([answer(404, {}, 'x'.repeat(5_000_000))]);
    const failure = await bench.failure();
    expect(failure.attempts[0]?.exchange.bytesReceived).toBeLessThan(1_000_000);
    expect(bench.isolated.stats().streams).toBe(0);
  });

  test('the status of an error counts also when its page is cut short', async () => {
    await using bench = await clientBench([truncated(429, 'slow do', 100), answer(200)]);
    const got = await bench.request({ safety: 'billable' });
    expect(got.attempts[0]).toMatchObject({ status: 429, error: { phase: 'body', delivery: 'answered' } });
  });

  test('an HTTP/2 error that a relay passes on is logged in the words operators search for', async () => {
    const page = 'curl: (92) HTTP/2 stream 0 was not closed cleanly: PROTOCOL_ERROR (err 1)';
    await using bench = await clientBench([answer(502, {}, page), answer(200)]);
    await bench.request({ logFields: { requestId: 'r1' } });
    expect(bench.log.lines[0]).toMatchObject({
      level: 'warn',
      message: 'HTTP/2 error during upload: the upstream answered 502, relaying an HTTP/2 error',
      fields: { requestId: 'r1', label: 'upload', attempt: 1, status: 502 },
    });
  });
});

describe('what is told on the way', () => {
  test('every attempt, retry and sent byte is told in order', async () => {
    const clock = new FakeClock();
    await using bench = await clientBench([answer(503), answer(200)], { clock });
    await bench.request({ body: fromText('seven b') });
    expect(bench.events.map((event) => event.type)).toEqual([
      'attempt-started',
      'bytes-sent',
      'attempt-ended',
      'retry',
      'attempt-started',
      'bytes-sent',
      'attempt-ended',
    ]);
    expect(bench.events[1]).toEqual({ type: 'bytes-sent', attempt: 1, bytesSent: 7, byteLength: 7 });
    expect(bench.events[3]).toEqual({
      type: 'retry',
      retry: 1,
      maxRetries: 3,
      status: 503,
      waitMs: 0,
      reason: 'the upstream answered 503',
    });
  });

  test('a long upload tells of its progress now and then, and always of its last byte', async () => {
    const clock = new FakeClock();
    await using bench = await clientBench([answer(200)], { clock });
    const bytes = new Uint8Array(8 * 1024 * 1024);
    await bench.request({ body: fromBytes(bytes) });
    const sent = bench.events.filter(
      (event): event is Extract<RequestEvent, { type: 'bytes-sent' }> => event.type === 'bytes-sent',
    );
    // The clock stands still: one event for the first slice, one for the last.
    expect(sent.map((event) => event.bytesSent)).toEqual([256 * 1024, bytes.byteLength]);
  });

  test('the last byte of an upload is told before the upstream has answered', async () => {
    const clock = new FakeClock();
    await using bench = await clientBench([saysNothing], { clock });
    const controller = new AbortController();
    const body = fromBytes(new Uint8Array(1024 * 1024));
    const running = bench.failure({ body, signal: controller.signal });
    await bench.upstream.untilSeen(1);
    expect(bench.events.at(-1)).toMatchObject({ type: 'bytes-sent', bytesSent: body.byteLength });
    controller.abort();
    await running;
  });

  test('the last byte of a body of unknown length is told when the attempt has ended', async () => {
    const clock = new FakeClock();
    await using bench = await clientBench([answer(200)], { clock });
    await bench.request({ body: fromFactory(() => [new Uint8Array(3), new Uint8Array(4)]) });
    expect(bench.events.filter((event) => event.type === 'bytes-sent')).toEqual([
      { type: 'bytes-sent', attempt: 1, bytesSent: 3 },
      { type: 'bytes-sent', attempt: 1, bytesSent: 7 },
    ]);
  });
});

describe('the key is kept secret', () => {
  test('an upstream that echoes the key finds it in no error, record, event or log line', async () => {
    const echo = answer(503, { 'x-you-sent': `Bearer ${SECRET}` }, `the key ${SECRET} is not welcome`);
    await using bench = await clientBench([hangUp, echo]);
    const failure = await bench.failure({
      body: fromText('x'),
      credential: singleCredential(SECRET, 'main'),
    });
    expect(failure.excerpt).toBe('the key [redacted] is not welcome');
    const all = inspect([failure, failure.attempts, bench.events, bench.log.lines], {
      depth: null,
      showHidden: true,
      maxStringLength: null,
    });
    expect(all).not.toContain(SECRET);
    expect(all).toContain('main');
  });

  test('the error objects of an HTTP library, which hold the headers, are not handed on', async () => {
    const leaky: Transport = {
      name: 'leaky',
      stats: () => ({ live: 0, spare: 0, connecting: 0, retired: 0, streams: 0, waiting: 0 }),
      close: () => Promise.resolve(),
      send: (request) => {
        const inner = Object.assign(new Error(`refused ${request.headers.authorization}`), {
          code: 'ECONNREFUSED',
        });
        return Promise.reject(
          Object.assign(new Error('it broke', { cause: new AggregateError([inner]) }), { options: request }),
        );
      },
    };
    const client = new ResilientClient({
      transports: { isolated: leaky, shared: leaky },
      policy: { maxRetries: 0 },
    });
    const failure: unknown = await client
      .request({
        method: 'GET',
        url: new URL('http://127.0.0.1/'),
        headers: {},
        safety: 'repeatable',
        label: 'check',
        credential: singleCredential(SECRET),
      })
      .catch((error: unknown) => error);
    const all = inspect(failure, { depth: null, showHidden: true });
    expect(all).not.toContain(SECRET);
    expect(all).toContain('ECONNREFUSED');
    expect(failure).toMatchObject({ name: 'RequestFailure', code: 'upstream_transport', status: 502 });
  });

  test('an answer that is not JSON does not repeat the key either', async () => {
    await using bench = await clientBench([answer(200, {}, `no JSON but ${SECRET}`)]);
    const credential = new CredentialPool([{ alias: 'main', secret: SECRET }]);
    const got = await bench.request({ credential });
    expect(() => got.json()).toThrow(expect.objectContaining({ excerpt: 'no JSON but [redacted]' }));
  });
});

describe('closing', () => {
  test('a closed client has closed both transports, and a transport in both places once', async () => {
    await using bench = await clientBench([answer(200)]);
    await bench.client.close();
    expect([bench.isolated.closed, bench.shared.closed]).toEqual([1, 1]);
    const both = bench.isolated;
    await new ResilientClient({ transports: { isolated: both, shared: both } }).close({ graceMs: 5 });
    expect(both.closed).toBe(2);
  });

  test('nothing stays open after a failure and after a success', async () => {
    await using bench = await clientBench([hangUp, truncated(200, 'x', 9), answer(503), answer(200)]);
    await bench.request({ body: fromText('x') });
    expect(bench.isolated.stats()).toMatchObject({ live: 0, streams: 0 });
  });
});
