import { CODE, type RawH2Connection, type RawH2Peer } from '@ferry/upstream-sim/peers';
import { eventually } from '../stage/eventually.ts';
import { engineRun } from './engine-run.ts';
import { type FaultCase, H2 } from './fault-case.ts';

/** The graceful GOAWAY: no stream is refused, no new one is wanted. */
function goAwayEverywhere(peer: RawH2Peer): readonly RawH2Connection[] {
  const open = peer.connections.filter((connection) => !connection.closed);
  for (const connection of open) connection.goaway(2 ** 31 - 1, CODE.NO_ERROR);
  return open;
}

export const GOING_AWAY: readonly FaultCase[] = [
  {
    row: 12,
    title: 'GOAWAY NO_ERROR, the stream above its last stream',
    protocols: H2,
    produce: ({ h2 }) => h2.next({ headers: (r) => r.on.goaway(Math.max(0, r.id - 2), CODE.NO_ERROR) }),
    expect: {
      outcome: 'fails',
      delivery: ['refused'],
      kinds: ['goaway'],
      h2Code: 'NO_ERROR',
      connection: 'retire',
    },
  },
  {
    row: 13,
    title: 'GOAWAY NO_ERROR, the stream at its last stream, which is then answered',
    protocols: H2,
    produce: ({ h2 }) =>
      h2.next({
        headers: (r) => r.on.goaway(r.id, CODE.NO_ERROR),
        whole: (r) => r.answer(),
      }),
    expect: { outcome: 'answered', connection: 'retire' },
  },
  {
    row: 14,
    title: 'GOAWAY NO_ERROR, the stream at its last stream, and then the peer closes',
    protocols: H2,
    produce: ({ h2 }) =>
      h2.next({
        whole: (r) => {
          r.on.goaway(r.id, CODE.NO_ERROR);
          r.fin();
        },
      }),
    expect: { outcome: 'fails', delivery: ['unknown'], kinds: ['goaway', 'reset'], connection: 'retire' },
  },
  {
    row: 15,
    title: 'GOAWAY with an error code, the stream at its last stream',
    protocols: H2,
    produce: ({ h2 }) => h2.next({ whole: (r) => r.on.goaway(r.id, CODE.INTERNAL_ERROR) }),
    expect: {
      outcome: 'fails',
      delivery: ['unknown'],
      kinds: ['goaway'],
      h2Code: 'INTERNAL_ERROR',
      connection: 'retire',
    },
  },
  {
    row: 15,
    title: 'a billable request is not resent after it',
    protocols: H2,
    async story(stage) {
      stage.h2.next({ whole: (r) => r.on.goaway(r.id, CODE.INTERNAL_ERROR) });
      const { failure, attempts } = await engineRun(stage, { safety: 'billable' });
      stage.check(
        failure?.code === 'upstream_unknown_outcome',
        `it should say so, and said ${failure?.code}`,
      );
      stage.check(attempts === 1, `it should be sent once, and was sent ${attempts} times`);
    },
  },
  {
    row: 16,
    title: 'GOAWAY on every connection: the retries, then no more',
    protocols: H2,
    differs:
      'not one retry but all of them, and no more: a server that reloads drains new connections too (ADR 10)',
    async story(stage) {
      stage.h2.always({ headers: (r) => r.on.goaway(0, CODE.NO_ERROR) });
      const before = stage.peer.requests.length;
      const { failure, attempts, records } = await engineRun(stage);
      stage.check(failure?.code === 'upstream_transport', `it should fail, and gave ${failure?.code}`);
      stage.check(attempts === 4, `three retries should be made, and ${attempts - 1} were`);
      const onWire = stage.peer.requests.length - before;
      stage.check(onWire === attempts, `each attempt should be one request, and ${onWire} were on the wire`);
      const used = new Set(records.map((record) => record.exchange.connectionId));
      stage.check(used.size === attempts, 'each retry should take another connection');
    },
  },
  {
    row: 17,
    title: 'GOAWAY between two uploads',
    protocols: H2,
    profiles: ['PREWARMED', 'POOLED'],
    async produce(stage) {
      const told = goAwayEverywhere(stage.h2);
      const heard = await eventually(() => told.every((connection) => connection.closed));
      stage.check(heard, 'an idle connection that goes away should be closed');
    },
    expect: { outcome: 'answered', connection: 'none' },
    also(stage) {
      stage.check(stage.struck !== undefined, 'the second upload should arrive on a new connection');
    },
  },
  {
    row: 17,
    title: 'GOAWAY at the very moment of the next upload',
    protocols: H2,
    profiles: ['PREWARMED', 'POOLED'],
    produce: ({ h2 }) => void goAwayEverywhere(h2),
    // Such a GOAWAY promises to serve what is under way; what it kept from being sent did not leave.
    expect: { outcome: 'either', delivery: ['not-sent', 'refused'], connection: 'none' },
  },
  {
    row: 18,
    title: 'RST_STREAM ENHANCE_YOUR_CALM',
    protocols: H2,
    produce: ({ h2 }) => h2.next({ whole: (r) => r.reset(CODE.ENHANCE_YOUR_CALM) }),
    expect: {
      outcome: 'fails',
      delivery: ['unknown'],
      kinds: ['reset'],
      h2Code: 'ENHANCE_YOUR_CALM',
      connection: 'retire',
    },
  },
  {
    row: 18,
    title: 'GOAWAY ENHANCE_YOUR_CALM',
    protocols: H2,
    produce: ({ h2 }) => h2.next({ whole: (r) => r.on.goaway(r.id, CODE.ENHANCE_YOUR_CALM) }),
    expect: {
      outcome: 'fails',
      delivery: ['unknown'],
      kinds: ['goaway'],
      h2Code: 'ENHANCE_YOUR_CALM',
      connection: 'retire',
    },
  },
  {
    row: 18,
    title: 'after ENHANCE_YOUR_CALM the silence before a PING is longer',
    protocols: H2,
    profiles: ['POOLED'],
    policy: { proveAfterIdleMs: 150, proveTimeoutMs: 3_000 },
    async story(stage) {
      stage.h2.next({ whole: (r) => r.reset(CODE.ENHANCE_YOUR_CALM) });
      await stage.send();
      await stage.send();
      const connection = stage.h2.connections.at(-1);
      const quietFrom = performance.now();
      // Longer than the configured silence and shorter than twice that, which is the least a calmer client waits.
      await eventually(() => performance.now() - quietFrom > 170);
      await stage.send();
      const quietFor = performance.now() - quietFrom;
      // A machine that slept through the interval proves nothing.
      if (quietFor < 290)
        stage.check(connection?.pings() === 0, 'it should ping less than it was asked to stop');
    },
  },
];
