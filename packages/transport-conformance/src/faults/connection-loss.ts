import { fromBytes } from '@ferry/core';
import { eventually, turns } from '../stage/eventually.ts';
import type { Stage, Upload } from '../stage/stage.ts';
import { engineRun } from './engine-run.ts';
import { BOTH, type FaultCase, H2 } from './fault-case.ts';

const huge = (stage: Stage): Upload => ({ body: fromBytes(Buffer.alloc(stage.hugeBytes, 1)) });

/** Long enough to be a silence, short enough to wait for. Milliseconds. */
const SILENCE = { idleMs: 300, headersMs: 300 };

const LOST = { outcome: 'fails', delivery: ['unknown'], kinds: ['reset'], connection: 'retire' } as const;

/** More than one connection is left idle. */
async function severalStandBy(stage: Stage): Promise<void> {
  await Promise.all([stage.send(), stage.send(), stage.send()]);
  const several = await eventually(() => {
    const { live, connecting, streams } = stage.transport.stats();
    return live > 1 && connecting + streams === 0;
  });
  stage.check(several, 'several connections should stand by');
}

export const CONNECTION_LOSS: readonly FaultCase[] = [
  {
    row: 32,
    title: 'FIN on a reused connection before any byte of the request',
    protocols: BOTH,
    profiles: ['PREWARMED', 'POOLED'],
    async produce(stage) {
      const before = stage.peer.openSockets();
      stage.peer.finAll();
      // A proxy on the way has to pass it on.
      await eventually(() => (stage.connectProxy?.openSockets() ?? 0) === 0);
      // The FIN has left for the client; whether the client has looked at its socket since is the client's affair.
      await turns(1);
      stage.check(before > 0, 'there was no connection to close');
    },
    // Either it notices and takes another connection, or it must be able to say that nothing left.
    expect: { outcome: 'either', delivery: ['not-sent', 'refused'], connection: 'none' },
  },
  {
    row: 33,
    title: 'FIN in the middle of the upload',
    protocols: BOTH,
    produce(stage) {
      stage.peer.next({ data: (r) => r.fin() });
      return huge(stage);
    },
    expect: LOST,
  },
  {
    row: 34,
    title: 'FIN after the body, without an answer',
    protocols: BOTH,
    produce: ({ peer }) => peer.next({ whole: (r) => r.fin() }),
    expect: LOST,
  },
  {
    row: 35,
    title: 'RST in the middle of the upload',
    protocols: BOTH,
    produce(stage) {
      stage.peer.next({ data: (r) => r.rst() });
      return huge(stage);
    },
    expect: LOST,
  },
  {
    row: 36,
    title: 'a load balancer ends an idle connection with FIN',
    protocols: BOTH,
    profiles: ['PREWARMED', 'POOLED'],
    proxy: { idleCloseMs: 200 },
    async story(stage) {
      const dropped = await eventually(() => stage.transport.stats().live === 0);
      stage.check(dropped, 'a connection that the peer has closed should not count as live');
      const outcome = await stage.send();
      stage.check(outcome.type === 'answered', 'the next upload should not notice');
    },
  },
  {
    row: 37,
    title: 'a load balancer answers the next packet of an idle connection with RST',
    protocols: BOTH,
    profiles: ['PREWARMED', 'POOLED'],
    proxy: {},
    async story(stage) {
      stage.proxy.resetOnNextPacket();
      const { answer, records } = await engineRun(stage);
      stage.check(answer?.status === 200, 'the upload should arrive');
      stage.check(records.length <= 2, `one retry should do, and it took ${records.length} attempts`);
      const honest = records.every(({ error }) => error === undefined || error.delivery !== 'answered');
      stage.check(honest, 'nothing was answered on a dead connection');
    },
  },
  {
    row: 38,
    title: 'a load balancer drops an idle connection in silence',
    protocols: BOTH,
    profiles: ['PREWARMED', 'POOLED'],
    proxy: {},
    policy: { proveAfterIdleMs: 20, proveTimeoutMs: 400, maxStreams: 1 },
    async produce(stage) {
      // Without a PING each of them would cost an upload.
      if (stage.protocol === 'h2') await severalStandBy(stage);
      stage.proxy.blackhole();
      const from = performance.now();
      await eventually(() => performance.now() - from > 40);
      return { limits: SILENCE };
    },
    expect: { outcome: 'answered', connection: 'none' },
    async also(stage) {
      if (stage.protocol !== 'h2') return;
      for (const id of stage.standing) {
        const reason = () => stage.events.find((e) => e.type === 'retired' && e.connectionId === id)?.reason;
        const silent = await eventually(() => reason() === 'silent');
        stage.check(silent, `${id} should be retired as silent, and was: ${reason()}`);
      }
    },
  },
  {
    row: 39,
    title: 'silence in the middle of an upload',
    protocols: BOTH,
    produce(stage) {
      // Of this connection only: what stands beside it must still take the next upload.
      stage.peer.next({ data: (r) => r.stopReading() });
      return { ...huge(stage), limits: { idleMs: 300 } };
    },
    expect: {
      outcome: 'fails',
      delivery: ['unknown'],
      kinds: ['timeout'],
      phases: ['request'],
      connection: 'retire',
    },
  },
  {
    row: 40,
    title: 'PING is never answered while requests are',
    protocols: H2,
    profiles: ['POOLED'],
    policy: { proveAfterIdleMs: 20, proveTimeoutMs: 200 },
    async story(stage) {
      const [first] = stage.h2.connections;
      if (first === undefined) return stage.check(false, 'there is no connection');
      first.pong = false;
      const from = performance.now();
      await eventually(() => performance.now() - from > 40);
      const outcome = await stage.send();
      stage.check(outcome.type === 'answered', 'the upload should arrive');
      const gone = await eventually(() => first.closed);
      stage.check(first.pings() > 0, 'it should be proven by a PING');
      stage.check(gone, 'a connection that does not answer PING should be retired after the deadline');
    },
  },
];
