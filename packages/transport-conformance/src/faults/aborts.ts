import { CODE, listenTcp } from '@ferry/upstream-sim/peers';
import { eventually, turns } from '../stage/eventually.ts';
import type { Stage } from '../stage/stage.ts';
import { engineRun } from './engine-run.ts';
import { BOTH, type FaultCase } from './fault-case.ts';

/** Aborts once the event loop of this process has told both sides everything that is on the way. */
function abortSoon(controller: AbortController): void {
  void turns().then(() => controller.abort());
}

/** The peer must learn that nobody waits any more: RST_STREAM CANCEL over HTTP/2, the end of the connection otherwise. */
async function takenBack(stage: Stage): Promise<void> {
  const request = stage.struck;
  if (stage.protocol === 'h2') {
    const stream = stage.h2.requests.find((r) => r === request);
    await eventually(() => stream?.resetCode !== undefined);
    stage.check(
      stream?.resetCode === CODE.CANCEL,
      `RST_STREAM CANCEL should be sent, not ${stream?.resetCode}`,
    );
    return;
  }
  const connection = stage.h1.connections[request?.connection ?? -1];
  stage.check(await eventually(() => connection?.closed === true), 'the connection should be closed');
}

export const ABORTS: readonly FaultCase[] = [
  {
    row: 49,
    title: 'an abort while the upload waits for a place',
    protocols: BOTH,
    policy: { maxConnections: 1, maxStreams: 1, spares: 0 },
    cold: true,
    async story(stage) {
      const held = Promise.withResolvers<void>();
      stage.peer.next({ whole: (r) => void held.promise.then(() => r.answer()) });
      const busy = stage.send();
      await stage.peer.until(() => stage.peer.requests.length === 1);
      const controller = new AbortController();
      const waiting = stage.send({ signal: controller.signal });
      await turns();
      stage.check(stage.transport.stats().waiting === 1, 'the second upload should wait');
      controller.abort();
      const outcome = await waiting;
      const { kind, phase, delivery } = outcome.type === 'failed' ? outcome.error : {};
      stage.check(kind === 'aborted', `kind should be aborted, not ${kind}`);
      stage.check(phase === 'acquire' && delivery === 'not-sent', `it says ${delivery} in ${phase}`);
      stage.check(stage.transport.stats().waiting === 0, 'its place in the queue should be free');
      held.resolve();
      stage.check((await busy).type === 'answered', 'the other upload should not notice');
    },
  },
  {
    row: 49,
    title: 'an abort while the connection is opened',
    protocols: BOTH,
    cold: true,
    async produce(stage) {
      const controller = new AbortController();
      const silent = stage.keep(
        await listenTcp((socket) => {
          socket.resume();
          controller.abort();
        }),
      );
      return { url: silent.url, signal: controller.signal };
    },
    expect: {
      outcome: 'fails',
      delivery: ['not-sent'],
      kinds: ['aborted'],
      phases: ['connect'],
      connection: 'none',
    },
  },
  {
    row: 49,
    title: 'an abort before it began',
    protocols: BOTH,
    produce: () => ({ signal: AbortSignal.abort() }),
    expect: {
      outcome: 'fails',
      delivery: ['not-sent'],
      kinds: ['aborted'],
      phases: ['acquire'],
      connection: 'none',
    },
  },
  {
    row: 49,
    title: 'an abort while the answer is awaited',
    protocols: BOTH,
    produce(stage) {
      const controller = new AbortController();
      stage.peer.next({ whole: () => abortSoon(controller) });
      return { signal: controller.signal };
    },
    expect: {
      outcome: 'fails',
      delivery: ['unknown'],
      kinds: ['aborted'],
      phases: ['headers'],
      connection: 'retire',
    },
    also: takenBack,
  },
  {
    row: 49,
    title: 'an abort in the middle of the answer',
    protocols: BOTH,
    produce(stage) {
      const controller = new AbortController();
      stage.peer.next({
        whole(r) {
          r.answerPart('half', 10);
          abortSoon(controller);
        },
      });
      return { signal: controller.signal };
    },
    expect: {
      outcome: 'fails',
      delivery: ['answered'],
      kinds: ['aborted'],
      phases: ['body'],
      connection: 'retire',
    },
    also: takenBack,
  },
  {
    row: 49,
    title: 'an abort during the back-off',
    protocols: BOTH,
    async story(stage) {
      stage.peer.always({ whole: (r) => r.answer({ status: 503, headers: { 'retry-after': '20' } }) });
      const controller = new AbortController();
      const running = engineRun(stage, {
        signal: controller.signal,
        onEvent: (event) => event.type === 'retry' && controller.abort(),
      });
      const { failure, attempts } = await running;
      stage.check(failure?.code === 'aborted', `it should say aborted, and says ${failure?.code}`);
      stage.check(attempts === 1, 'no attempt should follow');
    },
  },
];
