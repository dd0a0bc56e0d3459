import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Safety } from '../client/request.ts';
import { FRESH_START, failure } from '../testing/outcomes.ts';
import { NO_EXCHANGE, type TransportError } from '../transport/transport-error.ts';
import { type BlameHistory, blamesTheRequest } from './blame.ts';
import { classify } from './classify.ts';
import { DEFAULT_RETRY_POLICY } from './retry-policy.ts';

const reset = failure({ h2Code: 'PROTOCOL_ERROR' });
const onReused = failure({
  h2Code: 'PROTOCOL_ERROR',
  exchange: { ...NO_EXCHANGE, connectionReused: true },
});
const goaway = failure({ kind: 'goaway', h2Code: 'PROTOCOL_ERROR' });
const brokenGoaway = failure({ kind: 'goaway', h2Code: 'INTERNAL_ERROR' });
const internal = failure({ h2Code: 'INTERNAL_ERROR' });
const drained = failure({ kind: 'goaway', h2Code: 'NO_ERROR', delivery: 'refused' });

/** What came before, oldest first; `null` is an attempt that was answered. */
function after(...before: readonly (TransportError | null)[]): Omit<BlameHistory, 'unfoundedResets'> {
  return {
    retries: before.length,
    failures: before.filter((one) => one !== null),
    previous: before.at(-1) ?? undefined,
  };
}

type Row = readonly [what: string, error: TransportError, ReturnType<typeof after>, boolean, boolean];

/** Whether an upload is to blame: of an origin of which nothing is known, and of one that resets good requests too. */
const ROWS: readonly Row[] = [
  ['a first reset', reset, after(), false, false],
  ['a second reset in a row', reset, after(reset), true, false],
  ['a third one', reset, after(reset, reset), true, true],
  ['a second one after a connection that was drained', reset, after(drained, reset), true, true],
  ['a second one that an answer parts from the first', reset, after(reset, null), false, false],
  ['a third one in a row, after an answer', reset, after(reset, null, reset), true, true],
  ['a reset after one of a reused connection', reset, after(onReused), false, false],
  ['two in a row after one of a reused connection', reset, after(onReused, reset), true, true],
  ['a reset on a reused connection', onReused, after(reset), false, false],
  ['another reset than that', internal, after(internal), false, false],
  ['a GOAWAY that says the same', goaway, after(reset), true, false],
  ['a second GOAWAY with another error', brokenGoaway, after(brokenGoaway), true, true],
  ['a GOAWAY with another error than the reset before', brokenGoaway, after(reset), false, false],
  ['a connection drained after a reset', drained, after(reset), false, false],
];

test.each(ROWS)('%s', (_what, error, history, blamed, blamedAllTheSame) => {
  const blame = (unfoundedResets: boolean, safety: Safety = 'repeatable') =>
    blamesTheRequest(error, { ...history, unfoundedResets }, safety, 3);
  expect(blame(false)).toBe(blamed);
  expect(blame(true)).toBe(blamedAllTheSame);
  // What costs money gets no third opinion, whatever is known.
  expect(blame(true, 'billable')).toBe(blamed);
});

test.each([
  [1, true],
  [2, true],
  [3, false],
  [8, false],
])('of %i retries the last one is not spent on a third opinion', (maxRetries, blamed) => {
  const history = { ...after(reset), unfoundedResets: true };
  expect(blamesTheRequest(reset, history, 'repeatable', maxRetries)).toBe(blamed);
});

test('whatever is known, a request that is always reset on new connections is sent three times at most', () => {
  fc.assert(
    fc.property(
      fc.array(fc.boolean(), { minLength: 10, maxLength: 10 }),
      fc.integer({ min: 0, max: 9 }),
      (known, maxRetries) => {
        const failures: TransportError[] = [];
        for (const unfoundedResets of known) {
          const history = {
            ...FRESH_START,
            retries: failures.length,
            failures,
            previous: failures.at(-1),
            unfoundedResets,
          };
          const policy = { ...DEFAULT_RETRY_POLICY, maxRetries };
          if (classify({ type: 'failed', error: reset }, 'repeatable', history, policy).type !== 'retry')
            break;
          failures.push(reset);
        }
        expect(failures.length + 1).toBeLessThanOrEqual(3);
      },
    ),
  );
});
