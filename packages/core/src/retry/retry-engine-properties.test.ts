import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RequestFailure, type Safety } from '../client/request.ts';
import { CredentialPool } from '../credential/credential-pool.ts';
import { silentLogger } from '../log.ts';
import { FakeClock } from '../testing/fake-clock.ts';
import { answered, failed } from '../testing/outcomes.ts';
import { NO_EXCHANGE } from '../transport/transport-error.ts';
import type { AttemptResult } from './attempt.ts';
import { mayHaveActed } from './classify.ts';
import type { AttemptOutcome } from './outcome.ts';
import { RetryBudget } from './retry-budget.ts';
import { RetryEngine } from './retry-engine.ts';
import { DEFAULT_RETRY_POLICY, type RetryPolicy } from './retry-policy.ts';
import { UnfoundedResets } from './unfounded-resets.ts';

const anyOutcome: fc.Arbitrary<AttemptOutcome> = fc.oneof(
  fc
    .tuple(
      fc.constantFrom(200, 400, 401, 403, 408, 425, 429, 500, 502, 503),
      fc.constantFrom(undefined, 0, 5, 2_000),
    )
    .map(([status, ms]) => answered(status, ms)),
  fc.constantFrom<AttemptOutcome[]>(
    failed({}),
    failed({ h2Code: 'PROTOCOL_ERROR' }),
    failed({ kind: 'connect', phase: 'connect', delivery: 'not-sent' }),
    failed({ kind: 'goaway', phase: 'headers', delivery: 'refused', h2Code: 'NO_ERROR' }),
    failed({ kind: 'reset', phase: 'body', delivery: 'answered' }),
  ),
);
const anyPlan = fc.record({
  keys: fc.integer({ min: 1, max: 4 }),
  /** How many of them were refused before, and are due for a probe. */
  due: fc.nat(4),
  /** What each request meets, attempt by attempt. */
  requests: fc.array(fc.array(anyOutcome, { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 5 }),
  safety: fc.constantFrom<Safety[]>('repeatable', 'billable'),
  trustUnavailable: fc.boolean(),
  random: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
});

interface Sent {
  readonly request: number;
  readonly alias: string | undefined;
  readonly outcome: AttemptOutcome;
}

/** Plays requests at once, on one pool of keys, until all have ended. Time passes whenever nothing else can happen. */
async function play(plan: Parameters<Parameters<typeof anyPlan.map>[0]>[0]) {
  const clock = new FakeClock();
  const policy: RetryPolicy = { ...DEFAULT_RETRY_POLICY, trustUnavailable: plan.trustUnavailable };
  const random = () => plan.random;
  const keys = new CredentialPool(
    Array.from({ length: plan.keys }, (_, i) => ({ alias: `key-${i}`, secret: `sk-${i}` })),
    { clock, random },
  );
  for (const { alias } of keys.list().slice(0, plan.due))
    keys.only(alias).take(new Set())?.release({ status: 401 });
  clock.advance(5_000);
  const budget = new RetryBudget({ clock });
  const unfoundedResets = new UnfoundedResets(clock);
  const engine = new RetryEngine({ policy, budget, unfoundedResets, clock, random, logger: silentLogger });
  const sent: Sent[] = [];
  let running = plan.requests.length;
  const ends = plan.requests.map(async (outcomes, request) => {
    try {
      await engine.run(
        {
          method: 'POST',
          url: new URL('http://upstream.test/'),
          headers: {},
          safety: plan.safety,
          label: 'edit',
          credential: keys,
        },
        async ({ attempt, delayMs, credential }): Promise<AttemptResult> => {
          const outcome = outcomes[Math.min(attempt, outcomes.length) - 1] ?? answered(200);
          sent.push({ request, alias: credential?.alias, outcome });
          await Promise.resolve();
          const status = outcome.type === 'answered' ? { status: outcome.status } : {};
          return {
            outcome,
            record: {
              attempt,
              startedAt: 0,
              durationMs: 0,
              delayMs,
              phase: 'body',
              delivery: 'answered',
              exchange: NO_EXCHANGE,
              ...status,
            },
            headers: {},
            bytes: new Uint8Array(),
            excerpt: undefined,
          };
        },
      );
    } catch (error) {
      if (!RequestFailure.is(error)) throw error;
    } finally {
      running -= 1;
    }
  });
  while (running > 0) {
    await new Promise(setImmediate);
    if (running > 0 && clock.pending > 0) clock.advance(await clock.untilPending());
  }
  await Promise.all(ends);
  return { sent, keys, policy };
}

const sentBy = (sent: readonly Sent[], request: number) => sent.filter((one) => one.request === request);

test('no attempt goes out without a key, no key is left in use, and no request uses a key that refused it', async () => {
  await fc.assert(
    fc.asyncProperty(anyPlan, async (plan) => {
      const { sent, keys } = await play(plan);
      for (const { alias } of sent) expect(alias).toBeDefined();
      for (const { inFlight } of keys.list()) expect(inFlight).toBe(0);
      for (const request of plan.requests.keys()) {
        const refused = new Set<string | undefined>();
        for (const { alias, outcome } of sentBy(sent, request)) {
          expect(refused).not.toContain(alias);
          if (outcome.type === 'answered' && (outcome.status === 401 || outcome.status === 403))
            refused.add(alias);
        }
      }
    }),
    { numRuns: 150 },
  );
});

test('a request that costs money is never sent again after an attempt that may have been acted upon', async () => {
  await fc.assert(
    fc.asyncProperty(anyPlan, async (plan) => {
      const { sent, policy } = await play({ ...plan, safety: 'billable' });
      for (const request of plan.requests.keys()) {
        const earlier = sentBy(sent, request).slice(0, -1);
        for (const { outcome } of earlier) expect(mayHaveActed(outcome, policy)).toBe(false);
      }
    }),
    { numRuns: 150 },
  );
});

test('one 403 is asked about with one other key at most, and takes out no key unless that one is accepted', async () => {
  await fc.assert(
    fc.asyncProperty(anyPlan, async (plan) => {
      const forbidden = plan.requests.map((outcomes) =>
        outcomes.map((outcome) => (outcome.type === 'answered' ? answered(403) : outcome)),
      );
      const { sent, keys } = await play({ ...plan, requests: forbidden });
      for (const request of plan.requests.keys()) {
        const statuses = sentBy(sent, request).filter(({ outcome }) => outcome.type === 'answered');
        expect(statuses.length).toBeLessThanOrEqual(2);
      }
      for (const { state } of keys.list().slice(plan.due)) expect(state).toBe('ready');
    }),
    { numRuns: 100 },
  );
});
