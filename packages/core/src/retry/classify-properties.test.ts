import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Safety } from '../client/request.ts';
import { answered, failure } from '../testing/outcomes.ts';
import type { Phase } from '../transport/transport.ts';
import {
  type Delivery,
  H2_ERROR_NAMES,
  NO_EXCHANGE,
  type TransportError,
  type TransportErrorKind,
} from '../transport/transport-error.ts';
import { type AttemptHistory, classify, mayHaveActed } from './classify.ts';
import type { AttemptOutcome } from './outcome.ts';
import { DEFAULT_RETRY_POLICY } from './retry-policy.ts';

const kinds: readonly TransportErrorKind[] = [
  'timeout',
  'aborted',
  'dns',
  'connect',
  'tls',
  'reset',
  'goaway',
  'stream-refused',
  'http1-required',
  'protocol',
  'body-source',
  'invalid-request',
  'pool-full',
  'closed',
];
const anyError = fc
  .record({
    kind: fc.constantFrom(...kinds),
    phase: fc.constantFrom<Phase[]>('acquire', 'connect', 'request', 'headers', 'body'),
    delivery: fc.constantFrom<Delivery[]>('not-sent', 'refused', 'unknown', 'answered'),
    h2Code: fc.constantFrom(undefined, ...H2_ERROR_NAMES),
    reused: fc.boolean(),
  })
  .map(({ reused, ...fields }) =>
    failure({ ...fields, exchange: { ...NO_EXCHANGE, connectionReused: reused } }),
  );
const anyOutcome: fc.Arbitrary<AttemptOutcome> = fc.oneof(
  anyError.map((error): AttemptOutcome => ({ type: 'failed', error })),
  fc
    .tuple(fc.integer({ min: 200, max: 599 }), fc.option(fc.nat(), { nil: undefined }))
    .map(([status, ms]) => answered(status, ms)),
);
const anySafety = fc.constantFrom<Safety[]>('repeatable', 'billable');
const anyHistory: fc.Arbitrary<AttemptHistory> = fc
  .record({
    retries: fc.nat(5),
    failures: fc.array(anyError, { maxLength: 3 }),
    otherCredentials: fc.constantFrom<AttemptHistory['otherCredentials'][]>('ready', 'resting', 'none'),
    unfoundedResets: fc.boolean(),
    forbidden: fc.boolean(),
    bodySpent: fc.boolean(),
  })
  .map((history) => ({ ...history, previous: history.failures.at(-1) }));
const anyPolicy = fc.record({
  maxRetries: fc.nat(5),
  retryStatusCodes: fc.array(fc.integer({ min: 300, max: 599 })),
  billableRetryUnknown: fc.boolean(),
  trustRefusedStream: fc.boolean(),
  trustUnavailable: fc.boolean(),
  billableRetryStatusCodes: fc.array(fc.integer({ min: 300, max: 599 })),
});

test('a billable request that may have been acted upon is never resent by default', () => {
  fc.assert(
    fc.property(anyOutcome, anyHistory, (outcome, history) => {
      fc.pre(mayHaveActed(outcome, DEFAULT_RETRY_POLICY));
      expect(classify(outcome, 'billable', history, DEFAULT_RETRY_POLICY).type).not.toBe('retry');
    }),
  );
});

test('a billable request of unknown or answered delivery is never resent by default', () => {
  fc.assert(
    fc.property(anyError, anyHistory, (error, history) => {
      fc.pre(error.delivery === 'unknown' || error.delivery === 'answered');
      expect(classify({ type: 'failed', error }, 'billable', history, DEFAULT_RETRY_POLICY).type).toBe(
        'give-up',
      );
    }),
  );
});

test('the loop ends: there are never more attempts than the retries and one', () => {
  fc.assert(
    fc.property(
      fc.infiniteStream(anyOutcome),
      anySafety,
      anyPolicy,
      fc.constantFrom<AttemptHistory['otherCredentials'][]>('ready', 'none'),
      fc.boolean(),
      (outcomes, safety, part, keys, known) => {
        const policy = { ...DEFAULT_RETRY_POLICY, ...part };
        const failures: TransportError[] = [];
        let attempts = 0;
        for (const outcome of outcomes) {
          attempts += 1;
          const previous = failures.at(-1);
          const history = {
            retries: attempts - 1,
            failures,
            previous,
            unfoundedResets: known,
            otherCredentials: keys,
            forbidden: false,
            bodySpent: false,
          };
          if (classify(outcome, safety, history, policy).type !== 'retry') break;
          if (outcome.type === 'failed') failures.push(outcome.error);
        }
        expect(attempts).toBeLessThanOrEqual(policy.maxRetries + 1);
      },
    ),
  );
});

test('a body that was opened and cannot be opened again is never sent a second time', () => {
  fc.assert(
    fc.property(anyOutcome, anySafety, anyHistory, (outcome, safety, history) => {
      const verdict = classify(outcome, safety, { ...history, bodySpent: true }, DEFAULT_RETRY_POLICY);
      expect(verdict.type).not.toBe('retry');
    }),
  );
});

test('what is safe for an edit is safe for an upload', () => {
  fc.assert(
    fc.property(anyOutcome, anyHistory, (outcome, history) => {
      fc.pre(classify(outcome, 'billable', history, DEFAULT_RETRY_POLICY).type === 'retry');
      expect(classify(outcome, 'repeatable', history, DEFAULT_RETRY_POLICY).type).toBe('retry');
    }),
  );
});

test('a request is done exactly when a whole answer below 300 arrived', () => {
  fc.assert(
    fc.property(anyOutcome, anySafety, anyHistory, (outcome, safety, history) => {
      const done = classify(outcome, safety, history, DEFAULT_RETRY_POLICY).type === 'done';
      expect(done).toBe(outcome.type === 'answered' && outcome.status < 300);
    }),
  );
});
