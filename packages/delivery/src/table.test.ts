import {
  POOLED,
  type Protocol,
  RETRY_TABLE,
  RetryBudget,
  type RetryPolicy,
  type RowName,
  type Safety,
} from '@ferry/core';
import { describe, expect, test } from 'vitest';
import { PRODUCTIONS, type Production } from './testing/productions.ts';
import { World } from './testing/world.ts';

const ROWS = Object.keys(RETRY_TABLE) as RowName[];
const SAFETIES: readonly Safety[] = ['repeatable', 'billable'];

/** Rows whose request has left whole when its attempt ends: the peer's own count must agree with the client's. */
const counted = (row: RowName, { only, what }: Production): boolean =>
  RETRY_TABLE[row].acted && row !== 'closed-under-way' && only !== 'h2' && what !== 'silence';

for (const protocol of ['h2', 'http/1.1'] satisfies Protocol[]) {
  describe(protocol, () => {
    for (const row of ROWS) {
      const productions = PRODUCTIONS[row].filter(({ only }) => only === undefined || only === protocol);
      describe.runIf(productions.length > 0)(RETRY_TABLE[row].what, () => {
        for (const production of productions) {
          for (const safety of SAFETIES) {
            const [attempts, end] = production[safety];
            const title = `${production.what ?? 'as it is'}, ${safety}: ${attempts} attempts, ${end}`;
            test(title, async () => {
              await using world = await World.create(protocol, {
                trusting: production.trusting ?? true,
                ...(production.policy && { policy: production.policy }),
              });
              const part = (await production.arm(world)) ?? {};
              const got = await world.send({ safety, ...part });
              expect([got.attempts, got.end]).toEqual([attempts, end]);
              const acted = RETRY_TABLE[row].acted && end !== 'ok';
              if (got.failure) expect(got.failure.outcomeUnknown).toBe(safety === 'billable' && acted);
              if (counted(row, production)) {
                expect(world.peer.requests.filter(({ whole }) => whole)).toHaveLength(attempts);
              }
            });
          }
        }
      });
    }
  });
}

describe('a switch of the policy', () => {
  test.each<[keyof RetryPolicy, Partial<RetryPolicy>, RowName]>([
    ['billableRetryUnknown', { billableRetryUnknown: true }, 'unknown'],
    ['billableRetryUnknown', { billableRetryUnknown: true }, 'http1-required-whole'],
    ['billableRetryStatusCodes', { billableRetryStatusCodes: [500, 502, 503, 504] }, 'server-error'],
    ['billableRetryStatusCodes', { billableRetryStatusCodes: [408] }, 'request-timeout'],
    ['billableRetryStatusCodes', { billableRetryStatusCodes: [425] }, 'too-early'],
    [
      'billableRetryStatusCodes',
      { trustUnavailable: false, billableRetryStatusCodes: [503] },
      'unavailable-doubtful',
    ],
    ['trustRefusedStream', { trustRefusedStream: true }, 'refused-whole'],
  ])('%s %o lets an edit go again in its row', async (_name, policy, row) => {
    for (const production of PRODUCTIONS[row]) {
      await using world = await World.create('h2', { policy });
      const got = await world.send({ safety: 'billable', ...(await production.arm(world)) });
      expect([got.attempts, got.end]).toEqual([2, 'ok']);
    }
  });

  test('none lets an edit go again whose answer broke off', async () => {
    const policy = { billableRetryUnknown: true, trustRefusedStream: true, billableRetryStatusCodes: [200] };
    for (const protocol of ['h2', 'http/1.1'] satisfies Protocol[]) {
      await using world = await World.create(protocol, { policy });
      const [production] = PRODUCTIONS.truncated;
      const got = await world.send({ safety: 'billable', ...(await production?.arm(world)) });
      expect([got.attempts, got.end]).toEqual([1, 'upstream_unknown_outcome']);
    }
  });
});

describe('when the client has no retries left to spend', () => {
  const drain: Parameters<World['h2']['next']>[0] = {
    whole: (stream) => {
      stream.on.goaway(stream.id - 2, 0);
      stream.on.socket.end();
    },
  };

  test.each(SAFETIES)('a %s request still leaves a connection that the upstream drained', async (safety) => {
    await using world = await World.create('h2', { reuse: POOLED, budget: spent() });
    expect((await world.send()).end).toBe('ok');
    world.h2.next(drain);
    expect(await world.send({ safety })).toMatchObject({ end: 'ok', attempts: 2 });
  });

  test('a connection that was drained as soon as it was opened is not left for another', async () => {
    await using world = await World.create('h2', { reuse: POOLED, budget: spent() });
    world.h2.next({
      whole: (stream) => {
        stream.on.goaway(0, 0);
        stream.on.socket.end();
      },
    });
    const { end, failure } = await world.send();
    expect(end).toBe('upstream_transport');
    expect(failure?.message).toContain('too many requests are being retried');
  });
});

function spent(): RetryBudget {
  return new RetryBudget({ ratio: 0, floor: 0 });
}

test('the attempt log says of every attempt what happened to it', async () => {
  await using world = await World.create('h2');
  world.h2.next({ whole: (stream) => stream.reset(1) });
  world.peer.next({
    whole: (request) => request.answer({ status: 503, headers: { 'retry-after-ms': '5' } }),
  });
  const { records } = await world.send();
  expect(
    records.map(({ attempt, phase, delivery, status, delayMs, exchange }) => ({
      attempt,
      phase,
      delivery,
      status,
      waited: delayMs > 0,
      protocol: exchange.protocol,
      reused: exchange.connectionReused,
      connection: typeof exchange.connectionId,
    })),
  ).toEqual(
    [
      { attempt: 1, phase: 'headers', delivery: 'unknown', status: undefined, waited: false },
      { attempt: 2, phase: 'body', delivery: 'answered', status: 503 },
      { attempt: 3, phase: 'body', delivery: 'answered', status: 200, waited: true },
    ].map((one) => expect.objectContaining({ ...one, protocol: 'h2', reused: false, connection: 'string' })),
  );
});
