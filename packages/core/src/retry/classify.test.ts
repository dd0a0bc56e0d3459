import { describe, expect, test } from 'vitest';
import type { Safety } from '../client/request.ts';
import { answered, FRESH_START, failed, failure } from '../testing/outcomes.ts';
import { NO_EXCHANGE, type TransportError } from '../transport/transport-error.ts';
import { type AttemptHistory, classify, mayHaveActed, type Verdict } from './classify.ts';
import type { AttemptOutcome } from './outcome.ts';
import { DEFAULT_RETRY_POLICY } from './retry-policy.ts';

/** A verdict in one word or two, so that the tables below can be read. */
function words(verdict: Verdict): string {
  switch (verdict.type) {
    case 'done':
      return 'done';
    case 'give-up':
      return `give up: ${verdict.code}`;
    case 'retry': {
      const { delay } = verdict;
      const wait = delay.type === 'retry-after' ? `after ${delay.ms}` : delay.type;
      const where = verdict.elsewhere ? ' elsewhere' : '';
      return `retry ${wait}${where}${verdict.otherCredential ? ' other credential' : ''}`;
    }
  }
}

function decide(outcome: AttemptOutcome, safety: Safety, history: Partial<AttemptHistory> = {}): string {
  return words(classify(outcome, safety, { ...FRESH_START, ...history }, DEFAULT_RETRY_POLICY));
}

const certificate = Object.assign(new Error('self-signed certificate'), {
  code: 'DEPTH_ZERO_SELF_SIGNED_CERT',
});
const wrongName = new Error('wrapped', {
  cause: Object.assign(new Error('altnames'), { code: 'ERR_TLS_CERT_ALTNAME_INVALID' }),
});

describe('the table of verdicts', () => {
  // outcome, verdict for a repeatable request (an upload), verdict for a billable request (an edit)
  const rows: readonly (readonly [string, AttemptOutcome, string, string])[] = [
    ['200', answered(200), 'done', 'done'],
    ['201', answered(201), 'done', 'done'],
    ['a redirect', answered(302), 'give up: upstream_status', 'give up: upstream_status'],
    ['400', answered(400), 'give up: upstream_status', 'give up: upstream_status'],
    ['404', answered(404), 'give up: upstream_status', 'give up: upstream_status'],
    ['413', answered(413), 'give up: upstream_status', 'give up: upstream_status'],
    ['401 without another key', answered(401), 'give up: upstream_status', 'give up: upstream_status'],
    ['403 without another key', answered(403), 'give up: upstream_status', 'give up: upstream_status'],
    ['408', answered(408), 'retry backoff', 'give up: upstream_status'],
    ['425', answered(425), 'retry backoff', 'give up: upstream_status'],
    ['429', answered(429), 'retry jitter429', 'retry jitter429'],
    ['429 with Retry-After', answered(429, 7_000), 'retry after 7000', 'retry after 7000'],
    ['500', answered(500), 'retry backoff', 'give up: upstream_status'],
    ['501', answered(501), 'give up: upstream_status', 'give up: upstream_status'],
    ['502', answered(502), 'retry backoff', 'give up: upstream_status'],
    ['502 with Retry-After', answered(502, 7_000), 'retry backoff', 'give up: upstream_status'],
    ['503', answered(503), 'retry backoff', 'give up: upstream_status'],
    ['503 with Retry-After', answered(503, 7_000), 'retry after 7000', 'retry after 7000'],
    ['504', answered(504), 'retry backoff', 'give up: upstream_status'],
    [
      'an answer that is too long',
      { type: 'oversized', status: 200, maxBytes: 9 },
      'give up: upstream_bad_answer',
      'give up: upstream_bad_answer',
    ],
    ['DNS', failed({ kind: 'dns', delivery: 'not-sent' }), 'retry backoff', 'retry backoff'],
    ['refused TCP', failed({ kind: 'connect', delivery: 'not-sent' }), 'retry backoff', 'retry backoff'],
    [
      'a connect timeout',
      failed({ kind: 'timeout', phase: 'connect', delivery: 'not-sent' }),
      'retry backoff',
      'retry backoff',
    ],
    [
      'TLS closed during the handshake',
      failed({ kind: 'tls', delivery: 'not-sent' }),
      'retry backoff',
      'retry backoff',
    ],
    [
      'an untrusted certificate',
      failed({ kind: 'tls', delivery: 'not-sent', cause: certificate }),
      'give up: upstream_transport',
      'give up: upstream_transport',
    ],
    [
      'a certificate of another name',
      failed({ kind: 'tls', delivery: 'not-sent', cause: wrongName }),
      'give up: upstream_transport',
      'give up: upstream_transport',
    ],
    [
      'GOAWAY above the last stream',
      failed({ kind: 'goaway', delivery: 'refused', h2Code: 'NO_ERROR' }),
      'retry immediate elsewhere',
      'retry immediate elsewhere',
    ],
    [
      'REFUSED_STREAM',
      failed({ kind: 'stream-refused', phase: 'headers', delivery: 'refused', h2Code: 'REFUSED_STREAM' }),
      'retry immediate elsewhere',
      'give up: upstream_unknown_outcome',
    ],
    [
      'REFUSED_STREAM before the whole request had left',
      failed({ kind: 'stream-refused', phase: 'request', delivery: 'refused', h2Code: 'REFUSED_STREAM' }),
      'retry immediate elsewhere',
      'retry immediate elsewhere',
    ],
    [
      'GOAWAY with an error above the last stream',
      failed({ kind: 'goaway', delivery: 'refused', h2Code: 'PROTOCOL_ERROR' }),
      'retry backoff elsewhere',
      'retry backoff elsewhere',
    ],
    [
      'GOAWAY with an error, outcome unknown',
      failed({ kind: 'goaway', delivery: 'unknown', h2Code: 'INTERNAL_ERROR' }),
      'retry backoff elsewhere',
      'give up: upstream_unknown_outcome',
    ],
    [
      'ENHANCE_YOUR_CALM',
      failed({ kind: 'goaway', delivery: 'unknown', h2Code: 'ENHANCE_YOUR_CALM' }),
      'retry jitter429 elsewhere',
      'give up: upstream_unknown_outcome',
    ],
    [
      'PROTOCOL_ERROR before the answer',
      failed({ h2Code: 'PROTOCOL_ERROR' }),
      'retry backoff elsewhere',
      'give up: upstream_unknown_outcome',
    ],
    ['a reset', failed({}), 'retry backoff elsewhere', 'give up: upstream_unknown_outcome'],
    [
      'silence after the upload',
      failed({ kind: 'timeout', phase: 'headers' }),
      'retry backoff elsewhere',
      'give up: upstream_unknown_outcome',
    ],
    [
      'a truncated answer',
      failed({ kind: 'reset', phase: 'body', delivery: 'answered' }),
      'retry backoff elsewhere',
      'give up: upstream_unknown_outcome',
    ],
    [
      'HTTP/1.1 required',
      failed({ kind: 'http1-required', phase: 'request', delivery: 'refused', h2Code: 'HTTP_1_1_REQUIRED' }),
      'retry immediate elsewhere',
      'retry immediate elsewhere',
    ],
    [
      'HTTP/1.1 required of a request that had left whole',
      failed({ kind: 'http1-required', delivery: 'unknown', h2Code: 'HTTP_1_1_REQUIRED' }),
      'retry immediate elsewhere',
      'give up: upstream_unknown_outcome',
    ],
    [
      'no h2 in ALPN',
      failed({ kind: 'http1-required', phase: 'connect', delivery: 'not-sent' }),
      'retry immediate elsewhere',
      'retry immediate elsewhere',
    ],
    [
      'a body that cannot be read',
      failed({ kind: 'body-source', delivery: 'unknown' }),
      'give up: body_source',
      'give up: body_source',
    ],
    [
      'a request that cannot be sent as it is',
      failed({ kind: 'invalid-request', phase: 'acquire', delivery: 'not-sent' }),
      'give up: invalid_request',
      'give up: invalid_request',
    ],
    [
      'a body that cannot be read to its end, which was answered before',
      failed({ kind: 'body-source', delivery: 'answered', phase: 'body' }),
      'retry backoff elsewhere',
      'give up: upstream_unknown_outcome',
    ],
    [
      'a full pool',
      failed({ kind: 'pool-full', delivery: 'not-sent' }),
      'give up: overloaded',
      'give up: overloaded',
    ],
    [
      'a closed transport',
      failed({ kind: 'closed', delivery: 'not-sent' }),
      'give up: overloaded',
      'give up: overloaded',
    ],
    [
      'a transport closed under way',
      failed({ kind: 'closed', delivery: 'unknown' }),
      'give up: overloaded',
      'give up: upstream_unknown_outcome',
    ],
    ['an abort', failed({ kind: 'aborted', delivery: 'not-sent' }), 'give up: aborted', 'give up: aborted'],
  ];

  test.each(rows)('%s', (_name, outcome, repeatable, billable) => {
    expect(decide(outcome, 'repeatable')).toBe(repeatable);
    expect(decide(outcome, 'billable')).toBe(billable);
  });
});

describe('what came before counts', () => {
  const refused = failure({ kind: 'stream-refused', delivery: 'refused', h2Code: 'REFUSED_STREAM' });
  const reset92 = failure({ h2Code: 'PROTOCOL_ERROR' });
  const reused92 = failure({
    h2Code: 'PROTOCOL_ERROR',
    exchange: { ...NO_EXCHANGE, connectionReused: true },
  });
  const after = (previous: TransportError) => ({ retries: 1, failures: [previous], previous });
  const outcomeOf = (error: TransportError): AttemptOutcome => ({ type: 'failed', error });

  test('a refused key makes way for another one at once', () => {
    expect(decide(answered(401), 'billable', { otherCredentials: 'ready' })).toBe(
      'retry immediate other credential',
    );
    expect(decide(answered(403), 'repeatable', { otherCredentials: 'ready' })).toBe(
      'retry immediate other credential',
    );
  });

  test('a request that is refused on another connection too is given up, also when something happened between', () => {
    expect(decide(outcomeOf(refused), 'repeatable', after(refused))).toBe('give up: upstream_transport');
    const between = { retries: 2, failures: [refused, failure({})], previous: failure({}) };
    expect(decide(outcomeOf(refused), 'billable', between)).toBe('give up: upstream_transport');
  });

  test('a server that drains all its old connections at once may refuse a request on several of them', () => {
    const drained = failure({ kind: 'goaway', delivery: 'refused', h2Code: 'NO_ERROR' });
    expect(decide(outcomeOf(drained), 'billable', after(drained))).toBe('retry backoff elsewhere');
    const opened = failure({
      kind: 'goaway',
      delivery: 'refused',
      h2Code: 'NO_ERROR',
      exchange: { ...drained.exchange, connectionOrigin: 'fresh' },
    });
    expect(decide(outcomeOf(opened), 'billable', after(opened))).toBe('retry backoff elsewhere');
    // A server that takes in a connection only to drain it is going down: at once would be too soon.
    expect(decide(outcomeOf(opened), 'billable')).toBe('retry backoff elsewhere');
    expect(decide(outcomeOf(refused), 'repeatable', after(drained))).toBe('give up: upstream_transport');
    const usedUp = { retries: 3, failures: [drained, drained, drained], previous: drained };
    expect(decide(outcomeOf(drained), 'repeatable', usedUp)).toBe('give up: upstream_transport');
  });

  test('a request that a draining connection kept back goes out on another one at once, and then with a wait', () => {
    const keptBack = failure({ kind: 'goaway', delivery: 'not-sent', h2Code: 'NO_ERROR' });
    expect(decide(outcomeOf(keptBack), 'billable')).toBe('retry immediate elsewhere');
    expect(decide(outcomeOf(keptBack), 'billable', after(keptBack))).toBe('retry backoff');
  });

  test('a PROTOCOL_ERROR on two new connections in a row is the request being malformed', () => {
    expect(decide(outcomeOf(reset92), 'repeatable', after(reset92))).toBe('give up: upstream_transport');
  });

  test('a PROTOCOL_ERROR on a stale connection and then on a new one is worth a third attempt', () => {
    expect(decide(outcomeOf(reset92), 'repeatable', after(reused92))).toBe('retry backoff elsewhere');
    expect(decide(outcomeOf(reused92), 'repeatable', after(reused92))).toBe('retry backoff elsewhere');
  });

  test('two PROTOCOL_ERRORs with another failure between them are not two in a row', () => {
    const history = { retries: 2, failures: [reset92, failure({})], previous: failure({}) };
    expect(decide(outcomeOf(reset92), 'repeatable', history)).toBe('retry backoff elsewhere');
  });

  test('an error GOAWAY on the first stream of two connections in a row is not resent blindly', () => {
    const goaway = failure({ kind: 'goaway', h2Code: 'INTERNAL_ERROR' });
    expect(decide(outcomeOf(goaway), 'repeatable', after(goaway))).toBe('give up: upstream_transport');
  });

  test('an upstream that wants HTTP/1.1 twice cannot be reached', () => {
    const error = failure({ kind: 'http1-required', delivery: 'not-sent' });
    expect(decide(outcomeOf(error), 'repeatable', after(error))).toBe('give up: upstream_transport');
  });

  test('a body that can be sent once and was opened ends the request when a retry is due', () => {
    expect(decide(answered(503), 'repeatable', { bodySpent: true })).toBe('give up: body_not_replayable');
    expect(decide(answered(200), 'repeatable', { bodySpent: true })).toBe('done');
    expect(decide(answered(400), 'repeatable', { bodySpent: true })).toBe('give up: upstream_status');
  });

  test('used-up retries end with what happened last', () => {
    expect(decide(answered(503), 'repeatable', { retries: 3 })).toBe('give up: upstream_status');
    expect(decide(failed({}), 'repeatable', { retries: 3 })).toBe('give up: upstream_transport');
    expect(decide(answered(401), 'repeatable', { retries: 3, otherCredentials: 'ready' })).toBe(
      'give up: upstream_status',
    );
  });
});

describe('what configuration changes', () => {
  const configured = { ...DEFAULT_RETRY_POLICY, billableRetryUnknown: true, billableRetryStatusCodes: [502] };
  const billable = (outcome: AttemptOutcome, policy = configured) =>
    words(classify(outcome, 'billable', FRESH_START, policy));

  test('a billable request is resent with unknown outcome only when that is configured', () => {
    expect(billable(failed({}))).toBe('retry backoff elsewhere');
    expect(billable(answered(502))).toBe('retry backoff');
    expect(billable(answered(500))).toBe('give up: upstream_status');
  });

  test('a billable request whose answer was truncated is never resent', () => {
    expect(billable(failed({ phase: 'body', delivery: 'answered' }))).toBe(
      'give up: upstream_unknown_outcome',
    );
  });

  test('where a 503 that names a time is not trusted, an upload waits as told and an edit is given up', () => {
    const policy = { ...DEFAULT_RETRY_POLICY, trustUnavailable: false };
    const told = answered(503, 7_000);
    expect(words(classify(told, 'repeatable', FRESH_START, policy))).toBe('retry after 7000');
    expect(words(classify(told, 'billable', FRESH_START, policy))).toBe('give up: upstream_status');
    expect(mayHaveActed(told, policy)).toBe(true);
    expect(mayHaveActed(answered(429, 7_000), policy)).toBe(false);
    const listed = { ...policy, billableRetryStatusCodes: [503] };
    expect(words(classify(told, 'billable', FRESH_START, listed))).toBe('retry after 7000');
  });

  test('a status taken off the list is final, and one put on it is retried', () => {
    const policy = { ...DEFAULT_RETRY_POLICY, retryStatusCodes: [418] };
    expect(words(classify(answered(503, 10), 'repeatable', FRESH_START, policy))).toBe(
      'give up: upstream_status',
    );
    expect(words(classify(answered(418), 'repeatable', FRESH_START, policy))).toBe('retry backoff');
    expect(
      words(classify(answered(401), 'repeatable', { ...FRESH_START, otherCredentials: 'ready' }, policy)),
    ).toBe('give up: upstream_status');
  });
});

describe('whether the upstream may have acted', () => {
  test.each<readonly [AttemptOutcome, boolean]>([
    [answered(200), true],
    [answered(400), false],
    [answered(408), true],
    [answered(425), false],
    [answered(429), false],
    [answered(500), true],
    [answered(502), true],
    [answered(503), true],
    [answered(503, 1_000), false],
    [failed({ delivery: 'not-sent' }), false],
    [failed({ delivery: 'refused' }), false],
    [failed({ delivery: 'unknown' }), true],
    [failed({ delivery: 'answered', phase: 'body' }), true],
    [failed({ kind: 'body-source', delivery: 'unknown' }), false],
    [failed({ kind: 'body-source', delivery: 'answered', phase: 'body' }), true],
    [{ type: 'oversized', status: 200, maxBytes: 1 }, true],
  ])('%o: %s', (outcome, acted) => {
    expect(mayHaveActed(outcome, DEFAULT_RETRY_POLICY)).toBe(acted);
  });
});
