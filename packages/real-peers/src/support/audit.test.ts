import type { AttemptRecord } from '@ferry/core';
import { expect, test } from 'vitest';
import { AGREED, audit } from './audit.ts';
import type { SeenRequest } from './traffic-log.ts';

type Delivery = NonNullable<AttemptRecord['error']>['delivery'];

const EXCHANGE = {
  connectionReused: true,
  bodyOpened: true,
  bytesSent: 1,
  requestComplete: true,
  bytesReceived: 0,
  phaseMs: {},
};

function attempts(...endings: (Delivery | 200)[]): AttemptRecord[] {
  return endings.map((ending, index) => ({
    attempt: index + 1,
    startedAt: 0,
    durationMs: 1,
    delayMs: 0,
    phase: ending === 200 ? ('body' as const) : ('headers' as const),
    delivery: ending === 200 ? ('answered' as const) : ending,
    exchange: EXCHANGE,
    ...(ending === 200
      ? { status: 200 }
      : { error: { kind: 'reset', phase: 'headers', delivery: ending, message: 'it broke' } }),
  }));
}

function check(records: AttemptRecord[], ...log: SeenRequest[]) {
  return audit({ outcomes: [{ upload: 'u', attempts: records }], disturbances: 0 }, log);
}

const whole = (key: string): SeenRequest => ({ key, processed: true });
const part = (key: string): SeenRequest => ({ key, processed: false });

test('client and server agree about an upload that arrived, also after a doubtful attempt', () => {
  expect(check(attempts(200), whole('u/1'))).toEqual(AGREED);
  expect(check(attempts('unknown', 200), part('u/1'), whole('u/2'))).toEqual(AGREED);
  expect(check(attempts('unknown', 200), whole('u/1'), whole('u/2'))).toEqual(AGREED);
  expect(check(attempts('refused', 'not-sent', 200), whole('u/3'))).toEqual(AGREED);
});

test('an answer without work, or for half of the upload, is found out', () => {
  expect(check(attempts(200))).toMatchObject({ unheard: ['u/1'] });
  expect(check(attempts(200), part('u/1'))).toMatchObject({ unheard: ['u/1'] });
});

test.each(['not-sent', 'refused'] as const)(
  'an attempt called %s that a server has seen is found out',
  (delivery) => {
    const { denied, repeated } = check(attempts(delivery, 200), whole('u/1'), whole('u/2'));
    expect(denied).toHaveLength(1);
    expect(repeated).toEqual(['u']);
  },
);

test('a request that went out twice for one attempt is found out', () => {
  expect(check(attempts(200), whole('u/1'), whole('u/1'))).toMatchObject({ resent: ['u/1'] });
});

test('a request that came over another protocol than the client believes is found out', () => {
  const [record] = attempts(200);
  if (record === undefined) throw new Error('there is one attempt');
  const overH2 = { ...record, exchange: { ...EXCHANGE, protocol: 'h2' as const } };
  expect(check([overH2], { ...whole('u/1'), protocol: 'h2' })).toEqual(AGREED);
  expect(check([overH2], { ...whole('u/1'), protocol: 'http/1.1' })).toMatchObject({ mistaken: ['u/1'] });
});

test('a request that no attempt accounts for is found out', () => {
  expect(check(attempts(200), whole('u/1'), whole('u/2'))).toMatchObject({ stray: ['u/2'] });
});

test('an upload that was given up is named with its attempts', () => {
  const outcomes = [{ upload: 'u', attempts: attempts('unknown'), failure: 'it failed' }];
  const { lost } = audit({ outcomes, disturbances: 0 }, []);
  expect(lost).toEqual(['u: it failed [reset in headers on none: unknown]']);
});
