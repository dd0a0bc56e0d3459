import { fromBytes, fromFactory, type TransportErrorKind } from '@ferry/core';
import { FakeClock } from '@ferry/core/testing';
import { listenTcp } from '@ferry/upstream-sim/peers';
import { expect, test } from 'vitest';
import { turns } from '../stage/eventually.ts';
import { HUGE_BYTES, type Stage } from '../stage/stage.ts';
import { type Group, play } from './group.ts';
import { type Passed, passTime } from './pass-time.ts';

/** Only the fake clock can make any of them pass; real time never does. Milliseconds, far from each other. */
const LIMITS = { connectMs: 10_000, headersMs: 100_000, idleMs: 1_000_000, totalMs: 10_000_000 } as const;

function inTime(passed: Passed, limitMs: number): void {
  expect(passed.afterMs).toBeGreaterThanOrEqual(limitMs);
  // undici's own timers fire at up to twice their limit; that is what this is here to catch.
  expect(passed.afterMs).toBeLessThanOrEqual(1.5 * limitMs);
}

function timedOut(
  passed: Passed,
  phase: string,
  delivery: string,
  kind: TransportErrorKind = 'timeout',
): void {
  expect(passed.outcome).toMatchObject({ type: 'failed', error: { kind, phase, delivery } });
}

/** Each clock in each phase it covers, on a clock that only the test moves. */
export function limits(group: Group): void {
  const timed = (
    title: string,
    act: (stage: Stage, clock: FakeClock) => Promise<void>,
    policy = {},
  ): void => {
    test(title, () => {
      const clock = new FakeClock();
      return play(group, { profile: 'POOLED', clock, policy }, (stage) => act(stage, clock));
    });
  };

  timed('connectMs ends a handshake that never comes', async (stage, clock) => {
    const reached = Promise.withResolvers<void>();
    const silent = stage.keep(
      await listenTcp((socket) => {
        socket.resume();
        reached.resolve();
      }),
    );
    const sending = stage.send({ url: silent.url, limits: LIMITS });
    await reached.promise;
    const passed = await passTime(clock, sending, LIMITS.connectMs);
    timedOut(passed, 'connect', 'not-sent');
    inTime(passed, LIMITS.connectMs);
  });

  timed(
    'connectMs ends the wait for a place',
    async (stage, clock) => {
      const held = Promise.withResolvers<void>();
      stage.peer.next({ whole: (r) => void held.promise.then(() => r.answer()) });
      const busy = stage.send({ limits: { ...LIMITS, headersMs: 10_000_000 } });
      await stage.peer.until(() => stage.peer.requests[0]?.whole === true);
      const passed = await passTime(clock, stage.send({ limits: LIMITS }), LIMITS.connectMs);
      timedOut(passed, 'acquire', 'not-sent');
      inTime(passed, LIMITS.connectMs);
      held.resolve();
      expect((await busy).type).toBe('answered');
    },
    { maxConnections: 1, maxStreams: 1 },
  );

  timed(
    'headersMs ends the wait for an answer, counted from the last byte of the request',
    async (stage, clock) => {
      stage.peer.next({});
      const sending = stage.send({ limits: LIMITS });
      await stage.peer.until(() => stage.peer.requests[0]?.whole === true);
      const passed = await passTime(clock, sending, LIMITS.headersMs);
      timedOut(passed, 'headers', 'unknown');
      inTime(passed, LIMITS.headersMs);
    },
  );

  timed('idleMs ends an upload that nobody takes', async (stage, clock) => {
    stage.peer.next({ headers: (r) => r.stopReading() });
    const sending = stage.send({ body: fromBytes(Buffer.alloc(HUGE_BYTES)), limits: LIMITS });
    await stage.peer.until(() => stage.peer.requests.length === 1);
    await turns(200);
    const passed = await passTime(clock, sending, LIMITS.idleMs);
    timedOut(passed, 'request', 'unknown');
    inTime(passed, LIMITS.idleMs);
  });

  timed('idleMs ends an answer that stops coming', async (stage, clock) => {
    stage.peer.next({ whole: (r) => r.answerPart('half', 10) });
    const sending = stage.send({ limits: LIMITS });
    await stage.peer.until(() => stage.peer.requests[0]?.whole === true);
    await turns(50);
    const passed = await passTime(clock, sending, LIMITS.idleMs);
    timedOut(passed, 'body', 'answered');
    inTime(passed, LIMITS.idleMs);
  });

  timed('a slow upload that goes on is ended by neither idleMs nor headersMs', async (stage, clock) => {
    await stage.warmUp();
    stage.mark();
    const slices = 8;
    const slow = fromFactory(async function* () {
      for (let i = 0; i < slices; i += 1) {
        if (i > 0) clock.advance(0.8 * LIMITS.idleMs);
        yield Buffer.alloc(1_000);
        // The last slice may wait for the source to end: only then is it known that nothing follows.
        const arrived = Math.min(i + 1, slices - 1) * 1_000;
        await stage.peer.until(() => (stage.struck?.bytes ?? 0) >= arrived);
      }
    }, slices * 1_000);
    const outcome = await stage.send({ body: slow, limits: LIMITS });
    expect(outcome).toMatchObject({ type: 'answered', status: 200 });
  });

  timed('totalMs ends an exchange in which something always moves', async (stage, clock) => {
    const total = { ...LIMITS, idleMs: 2_000_000, totalMs: 4_000_000 };
    stage.peer.next({ whole: (r) => r.answerPart('', 40_000) });
    const sending = stage.send({ limits: total });
    await stage.peer.until(() => stage.peer.requests[0]?.whole === true);
    await turns(50);
    const passed = await passTime(clock, sending, total.totalMs, () => drip(stage));
    timedOut(passed, 'body', 'answered');
    inTime(passed, total.totalMs);
  });

  timed('totalMs covers the wait for a connection too', async (stage, clock) => {
    const reached = Promise.withResolvers<void>();
    const silent = stage.keep(
      await listenTcp((socket) => {
        socket.resume();
        reached.resolve();
      }),
    );
    const short = { ...LIMITS, connectMs: 1_000_000, totalMs: 5_000 };
    const sending = stage.send({ url: silent.url, limits: short });
    await reached.promise;
    const passed = await passTime(clock, sending, short.totalMs);
    timedOut(passed, 'connect', 'not-sent');
    inTime(passed, short.totalMs);
  });

  timed('a reader that takes its time is not the silence of the upstream', async (stage, clock) => {
    const response = await stage.start({ limits: LIMITS });
    await turns();
    clock.advance(1.2 * LIMITS.idleMs);
    let text = '';
    for await (const chunk of response.body) text += Buffer.from(chunk).toString();
    expect(text).toBe('ok');
  });
}

/** One more byte of an answer that is under way. */
function drip(stage: Stage): void {
  if (stage.protocol === 'h2') stage.h2.requests[0]?.data('.');
  else stage.h1.requests[0]?.write('.');
}
