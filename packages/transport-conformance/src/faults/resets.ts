import { fromBytes, H2_ERROR_NAMES, type H2ErrorName } from '@ferry/core';
import { CODE } from '@ferry/upstream-sim/peers';
import type { Expectation } from '../expectation.ts';
import { engineRun } from './engine-run.ts';
import { type FaultCase, H2, type Strike } from './fault-case.ts';

/** A stream reset before any answer, when the request is whole. */
const beforeAnswer = (row: number, name: H2ErrorName): Strike => ({
  row,
  title: `RST_STREAM ${name} before the answer`,
  protocols: H2,
  produce: ({ h2 }) => h2.next({ whole: (r) => r.reset(H2_ERROR_NAMES.indexOf(name)) }),
  expect: {
    outcome: 'fails',
    delivery: ['unknown'],
    kinds: ['reset'],
    phases: ['headers'],
    h2Code: name,
    connection: 'retire',
  },
});

/** A stream reset while its answer is on its way: never a complete answer. */
const duringAnswer = (row: number, name: H2ErrorName, part: string): Strike => ({
  row,
  title: `RST_STREAM ${name} after ${part === '' ? 'the headers' : 'half'} of the answer`,
  protocols: H2,
  produce: ({ h2 }) =>
    h2.next({
      whole(r) {
        r.answerPart(part, 10);
        r.reset(H2_ERROR_NAMES.indexOf(name));
      },
    }),
  expect: {
    outcome: 'fails',
    delivery: ['answered'],
    kinds: ['reset'],
    phases: ['body'],
    h2Code: name,
    connection: 'retire',
  },
});

/** The same when nothing says how long the answer should be: only the missing END_STREAM gives it away. */
const withoutLength = (row: number, name: H2ErrorName, part: string): Strike => ({
  ...duringAnswer(row, name, part),
  title: `RST_STREAM ${name} after ${part === '' ? 'headers' : 'half of an answer'} without a content-length`,
  produce: ({ h2 }) =>
    h2.next({
      whole(r) {
        r.head({ ':status': '200' });
        if (part !== '') r.data(part);
        r.reset(H2_ERROR_NAMES.indexOf(name));
      },
    }),
});

const HTTP_1_1_REQUIRED: Expectation = {
  outcome: 'fails',
  delivery: ['refused'],
  kinds: ['http1-required'],
  phases: ['request'],
  h2Code: 'HTTP_1_1_REQUIRED',
  connection: 'retire',
};

export const RESETS: readonly FaultCase[] = [
  beforeAnswer(22, 'PROTOCOL_ERROR'),
  {
    row: 22,
    title: 'RST_STREAM PROTOCOL_ERROR in the middle of the upload',
    protocols: H2,
    produce: ({ h2 }) => h2.next({ headers: (r) => r.reset(CODE.PROTOCOL_ERROR) }),
    expect: {
      outcome: 'fails',
      delivery: ['unknown'],
      kinds: ['reset'],
      h2Code: 'PROTOCOL_ERROR',
      connection: 'retire',
    },
  },
  {
    row: 22,
    title: 'a sibling on the connection of a stream that is reset may finish',
    protocols: H2,
    profiles: ['POOLED'],
    policy: { maxConnections: 1 },
    async story(stage) {
      const held = Promise.withResolvers<void>();
      stage.mark();
      stage.h2.next({ whole: (r) => void held.promise.then(() => r.answer()) });
      const sibling = stage.send();
      await stage.h2.until(() => stage.struck?.whole === true);
      stage.h2.next({ whole: (r) => r.reset(CODE.PROTOCOL_ERROR) });
      const reset = await stage.send();
      stage.check(reset.type === 'failed', 'the stream that was reset should fail');
      held.resolve();
      stage.check((await sibling).type === 'answered', 'its sibling should be answered');
    },
  },
  {
    row: 23,
    title: 'every stream after the first is reset with PROTOCOL_ERROR: the upload arrives',
    protocols: H2,
    async story(stage) {
      stage.h2.always({
        whole: (r) => (r.earlier === 0 ? r.answer() : r.reset(CODE.PROTOCOL_ERROR)),
      });
      for (let round = 0; round < 3; round += 1) {
        const { answer, attempts } = await engineRun(stage);
        stage.check(answer?.status === 200, 'the upload should arrive');
        stage.check(attempts <= 2, `one retry should do, and it took ${attempts} attempts`);
        const { connectionReused } = answer?.exchange ?? { connectionReused: true };
        stage.check(!connectionReused, 'it should arrive on a new connection');
      }
    },
  },
  beforeAnswer(24, 'INTERNAL_ERROR'),
  beforeAnswer(25, 'CANCEL'),
  {
    row: 26,
    title: 'RST_STREAM HTTP_1_1_REQUIRED in the middle of the upload',
    protocols: H2,
    produce({ h2 }) {
      h2.next({
        headers(r) {
          r.on.grantWindow = false;
          r.reset(CODE.HTTP_1_1_REQUIRED);
        },
      });
      return { body: fromBytes(Buffer.alloc(3_000_000, 1)) };
    },
    expect: HTTP_1_1_REQUIRED,
  },
  {
    ...beforeAnswer(26, 'HTTP_1_1_REQUIRED'),
    differs:
      'unknown instead of refused: once the request had left whole, a proxy may say it after the work was done',
    expect: { ...HTTP_1_1_REQUIRED, delivery: ['unknown'], phases: ['headers'] },
  },
  duringAnswer(27, 'NO_ERROR', ''),
  withoutLength(27, 'NO_ERROR', ''),
  duringAnswer(28, 'NO_ERROR', 'half'),
  duringAnswer(28, 'INTERNAL_ERROR', 'half'),
  duringAnswer(28, 'CANCEL', 'half'),
  withoutLength(28, 'NO_ERROR', 'half'),
  withoutLength(28, 'CANCEL', 'half'),
  {
    row: 29,
    title: 'RST_STREAM NO_ERROR after END_STREAM',
    protocols: H2,
    produce: ({ h2 }) =>
      h2.next({
        whole(r) {
          r.answer();
          r.reset(CODE.NO_ERROR);
        },
      }),
    expect: { outcome: 'answered', connection: 'keep' },
  },
];
