import { fromBytes, fromFactory } from '@ferry/core';
import { eventually } from '../stage/eventually.ts';
import { connectionOf } from '../stage/outcome.ts';
import { type Stage, UPLOAD_BYTES, type Upload } from '../stage/stage.ts';
import { BOTH, type FaultCase, type Strike } from './fault-case.ts';

/** A body that promises more than its source gives, or the other way round. */
const faulty = (title: string, upload: () => Upload): Strike => ({
  row: 55,
  title,
  protocols: BOTH,
  produce: upload,
  expect: {
    outcome: 'fails',
    delivery: ['unknown', 'not-sent'],
    kinds: ['body-source'],
    connection: 'retire',
  },
  async also(stage, outcome) {
    const id = connectionOf(outcome);
    // The very last thing the peer hears of it must be a reset or the end of the connection, if it heard of it at all.
    await eventually(() => stage.events.some((e) => e.type === 'closed' && e.connectionId === id));
    const taken = await eventually(() => stage.struck?.abandoned !== false);
    stage.check(taken, 'the peer should see the upload taken back');
    stage.check(stage.struck?.whole !== true, 'the peer should never see a short upload as whole');
  },
});

async function* failing(afterSlices: number): AsyncGenerator<Uint8Array> {
  for (let i = 0; i < afterSlices; i += 1) yield Buffer.alloc(40_000, 1);
  throw new Error('the disk is gone');
}

/** Leaving it is heard of at once, as with a spool that grows. */
function fallingSilent(): AsyncIterable<Uint8Array> {
  const left = Promise.withResolvers<IteratorResult<Uint8Array>>();
  const steps = [Promise.resolve({ done: false, value: Buffer.alloc(40_000, 1) })];
  const iterator: AsyncIterator<Uint8Array> = {
    next: () => steps.shift() ?? left.promise,
    return() {
      left.resolve({ done: true, value: undefined });
      return left.promise;
    },
  };
  return { [Symbol.asyncIterator]: () => iterator };
}

const chunksOf = (bytes: number) => () => [Buffer.alloc(bytes, 1)];

async function crowd(stage: Stage): Promise<void> {
  const held = Promise.withResolvers<void>();
  stage.peer.always({ whole: (r) => void held.promise.then(() => r.answer()) });
  let full = 0;
  const sending = Array.from({ length: 200 }, async () => {
    const outcome = await stage.send({ body: fromBytes(Buffer.alloc(100, 1)) });
    const refused = outcome.type === 'failed' && outcome.error.kind === 'pool-full';
    if (refused) {
      full += 1;
      const { delivery, phase } = outcome.error;
      stage.check(delivery === 'not-sent' && phase === 'acquire', `pool-full says ${delivery} in ${phase}`);
    }
    stage.check(refused || outcome.type === 'answered', 'an upload was neither answered nor refused a place');
  });
  const places = 2 * (stage.protocol === 'h2' ? stage.policy.maxStreams : 1);
  // Those who find no place are told at once, while every connection is still busy.
  stage.check(await eventually(() => full >= 150 - places), `only ${full} were told at once that it is full`);
  stage.check(stage.peer.accepted() <= 2, `${stage.peer.accepted()} connections where two are allowed`);
  held.resolve();
  await Promise.all(sending);
  const answered = 200 - full;
  stage.check(
    answered >= 50 && answered <= 50 + places,
    `${answered} arrived, with room for 50 and ${places}`,
  );
}

export const BODY_SOURCE: readonly FaultCase[] = [
  faulty('the source throws before its first byte', () => ({
    body: fromFactory(() => failing(0), UPLOAD_BYTES),
  })),
  faulty('the source throws in the middle', () => ({
    body: fromFactory(() => failing(2), 200_000),
  })),
  faulty('the source throws in the middle of a body of unknown length', () => ({
    body: fromFactory(() => failing(2)),
  })),
  faulty('the source falls silent', () => ({
    body: { byteLength: UPLOAD_BYTES, replayable: true, open: fallingSilent },
    limits: { idleMs: 300 },
  })),
  faulty('the source of a body of unknown length falls silent', () => ({
    body: { byteLength: undefined, replayable: true, open: fallingSilent },
    limits: { idleMs: 300 },
  })),
  faulty('the source gives less than it promised', () => ({
    body: fromFactory(chunksOf(1_000), 2_000),
  })),
  faulty('the source gives more than it promised', () => ({
    body: fromFactory(chunksOf(2_000), 1_000),
  })),
  {
    row: 56,
    title: 'two hundred uploads at once, two connections, fifty places to wait',
    protocols: BOTH,
    cold: true,
    policy: { maxConnections: 2, maxWaiting: 50 },
    story: crowd,
  },
];
