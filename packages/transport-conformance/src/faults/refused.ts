import { CODE, SETTING } from '@ferry/upstream-sim/peers';
import { describe } from '../stage/outcome.ts';
import { engineRun } from './engine-run.ts';
import { type FaultCase, H2 } from './fault-case.ts';

const SHORT = { connectMs: 300 };

export const REFUSED: readonly FaultCase[] = [
  {
    row: 10,
    title: 'MAX_CONCURRENT_STREAMS 0 for ever',
    protocols: H2,
    cold: true,
    async story(stage) {
      stage.h2.everyConnection((c) => c.greet([[SETTING.MAX_CONCURRENT_STREAMS, 0]]));
      // RFC 9113 section 5.1.2: what a stream above the limit meets. A client that does not wait for SETTINGS opens one.
      stage.h2.always({ headers: (r) => r.reset(CODE.REFUSED_STREAM) });
      for (let round = 0; round < 2; round += 1) {
        const outcome = await stage.send({ limits: SHORT });
        const { delivery } = outcome.type === 'failed' ? outcome.error : {};
        const honest = delivery === 'not-sent' || delivery === 'refused';
        stage.check(honest, `it should end within connectMs as not-sent or refused, ${describe(outcome)}`);
      }
      const crowded = stage.h2.connections.some((connection) => connection.streams.size > 1);
      stage.check(!crowded, 'a stream was opened where the peer had said that it allows none');
    },
  },
  {
    row: 10,
    title: 'MAX_CONCURRENT_STREAMS 0 and more a moment later',
    protocols: H2,
    cold: true,
    async story(stage) {
      const limit = (streams: number) => [SETTING.MAX_CONCURRENT_STREAMS, streams] as const;
      stage.h2.everyConnection((c) => c.greet([limit(0)]));
      const sending = stage.send();
      await stage.h2.until(() => stage.h2.connections.length > 0);
      await stage.h2.until(() => stage.h2.connections.every((c) => c.frames.length > 1));
      stage.h2.everyConnection((c) => c.greet());
      for (const connection of stage.h2.connections) connection.settings([limit(100)]);
      stage.check((await sending).type === 'answered', 'the waiting upload should be sent');
    },
  },
  {
    row: 11,
    title: 'MAX_CONCURRENT_STREAMS 1, ten uploads at once',
    protocols: H2,
    cold: true,
    policy: { maxConnections: 3 },
    async story(stage) {
      stage.h2.everyConnection((c) => c.greet([[SETTING.MAX_CONCURRENT_STREAMS, 1]]));
      const outcomes = await Promise.all(Array.from({ length: 10 }, () => stage.send()));
      const answered = outcomes.filter((outcome) => outcome.type === 'answered').length;
      stage.check(answered === 10, `all ten should arrive, and ${answered} did`);
    },
  },
  {
    row: 19,
    title: 'REFUSED_STREAM once',
    protocols: H2,
    produce: ({ h2 }) => h2.next({ whole: (r) => r.reset(CODE.REFUSED_STREAM) }),
    expect: {
      outcome: 'fails',
      delivery: ['refused'],
      kinds: ['stream-refused'],
      h2Code: 'REFUSED_STREAM',
      connection: 'keep',
    },
  },
  {
    row: 19,
    title: 'REFUSED_STREAM once, before the body has come',
    protocols: H2,
    produce: ({ h2 }) => h2.next({ headers: (r) => r.reset(CODE.REFUSED_STREAM) }),
    expect: {
      outcome: 'fails',
      delivery: ['refused'],
      kinds: ['stream-refused'],
      h2Code: 'REFUSED_STREAM',
      connection: 'keep',
    },
  },
  {
    row: 19,
    title:
      'a billable request that left whole is resent after REFUSED_STREAM where that is trusted, and else not',
    protocols: H2,
    differs: 'a proxy may refuse a stream whose origin did the work: no proof that is worth money (ADR 10)',
    async story(stage) {
      stage.h2.next({ whole: (r) => r.reset(CODE.REFUSED_STREAM) });
      const cautious = await engineRun(stage, { safety: 'billable' });
      stage.check(cautious.failure?.outcomeUnknown === true, 'it should say that nobody knows');
      stage.check(cautious.attempts === 1, `it should be sent once, and was sent ${cautious.attempts} times`);
      stage.h2.next({ whole: (r) => r.reset(CODE.REFUSED_STREAM) });
      const { answer, records } = await engineRun(
        stage,
        { safety: 'billable' },
        { trustRefusedStream: true },
      );
      stage.check(answer?.status === 200, 'it should arrive on the second attempt');
      const [first, second] = records.map((record) => record.exchange.connectionId);
      stage.check(records.length === 2 && first !== second, 'the second attempt should go elsewhere');
    },
  },
  {
    row: 20,
    title: 'REFUSED_STREAM again and again: one retry, then no more',
    protocols: H2,
    async story(stage) {
      stage.h2.always({ whole: (r) => r.reset(CODE.REFUSED_STREAM) });
      const { failure, attempts } = await engineRun(stage);
      stage.check(failure?.code === 'upstream_transport', `it should fail, and gave ${failure?.code}`);
      stage.check(attempts === 2, `two attempts should be made, and ${attempts} were`);
    },
  },
  {
    row: 20,
    title: 'a second REFUSED_STREAM retires the connection',
    protocols: H2,
    produce: async (stage) => {
      stage.h2.next({ whole: (r) => r.reset(CODE.REFUSED_STREAM) }, 2);
      await stage.send();
    },
    expect: { outcome: 'fails', delivery: ['refused'], kinds: ['stream-refused'], connection: 'retire' },
  },
  {
    row: 21,
    title: 'REFUSED_STREAM before the client’s SETTINGS are acknowledged',
    protocols: H2,
    cold: true,
    produce({ h2 }) {
      h2.everyConnection((c) => {
        c.acknowledge = false;
        c.greet();
      });
      h2.next({ headers: (r) => r.reset(CODE.REFUSED_STREAM) });
    },
    expect: {
      outcome: 'fails',
      delivery: ['refused'],
      kinds: ['stream-refused'],
      h2Code: 'REFUSED_STREAM',
      connection: 'keep',
    },
  },
];
