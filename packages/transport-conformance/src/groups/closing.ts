import { fromBytes } from '@ferry/core';
import { listenTcp } from '@ferry/upstream-sim/peers';
import { describe, expect, test } from 'vitest';
import { eventually, turns } from '../stage/eventually.ts';
import { PROFILES } from '../stage/profiles.ts';
import { HUGE_BYTES } from '../stage/stage.ts';
import { type Group, play } from './group.ts';

/** `close()` leaves no socket, timer or listener: the end of every stage checks that, here in each state. */
export function closing(group: Group): void {
  describe.each(PROFILES)('%s', (profile) => {
    test('an idle transport closes, twice, and then takes no more work', () =>
      play(group, { profile }, async (stage) => {
        await stage.warmUp();
        await Promise.all([stage.transport.close(), stage.transport.close({ graceMs: 1_000 })]);
        expect(await stage.send()).toMatchObject({
          type: 'failed',
          error: { kind: 'closed', phase: 'acquire', delivery: 'not-sent' },
        });
        expect(await eventually(() => stage.peer.openSockets() === 0)).toBe(true);
      }));

    test('a running upload may finish within the grace', () =>
      play(group, { profile }, async (stage) => {
        const held = Promise.withResolvers<void>();
        stage.peer.next({ whole: (r) => void held.promise.then(() => r.answer()) });
        const sending = stage.send();
        await stage.peer.until(() => stage.peer.requests.some((r) => r.whole));
        const closed = stage.transport.close({ graceMs: 5_000 });
        await turns();
        held.resolve();
        expect(await sending).toMatchObject({ type: 'answered', text: 'ok' });
        await closed;
        expect(await eventually(() => stage.peer.openSockets() === 0)).toBe(true);
      }));

    test('an upload that outlasts the grace fails as closed', () =>
      play(group, { profile }, async (stage) => {
        stage.peer.next({});
        const sending = stage.send();
        await stage.peer.until(() => stage.peer.requests.some((r) => r.whole));
        await stage.transport.close({ graceMs: 30 });
        expect(await sending).toMatchObject({
          type: 'failed',
          error: { kind: 'closed', delivery: 'unknown' },
        });
      }));

    test('closing in the middle of an upload ends it, and the peer never takes it for whole', () =>
      play(group, { profile }, async (stage) => {
        stage.peer.next({ headers: (r) => r.stopReading() });
        const sending = stage.send({ body: fromBytes(Buffer.alloc(HUGE_BYTES)) });
        await stage.peer.until(() => stage.peer.requests.length === 1);
        await stage.transport.close();
        expect(await sending).toMatchObject({ type: 'failed', error: { kind: 'closed', phase: 'request' } });
        expect(stage.peer.requests[0]?.whole).toBe(false);
      }));

    test('closing while a connection is opened ends the wait', () =>
      play(group, { profile }, async (stage) => {
        const reached = Promise.withResolvers<void>();
        const silent = stage.keep(
          await listenTcp((socket) => {
            socket.resume();
            socket.on('end', () => socket.end());
            reached.resolve();
          }),
        );
        const sending = stage.send({ url: silent.url });
        await reached.promise;
        await stage.transport.close();
        expect(await sending).toMatchObject({
          type: 'failed',
          error: { kind: 'closed', delivery: 'not-sent' },
        });
        expect(await eventually(() => silent.openSockets() === 0)).toBe(true);
      }));

    test('an answer that nobody reads holds nothing up', () =>
      play(group, { profile }, async (stage) => {
        stage.peer.next({ whole: (r) => r.answerPart('half', 10) });
        const response = await stage.start();
        await stage.transport.close();
        await response.done;
      }));

    test('leaving the answer before its first byte is asked for cancels the exchange', () =>
      play(group, { profile }, async (stage) => {
        stage.peer.next({ whole: (r) => r.answerPart('', 10) });
        const response = await stage.start({ limits: { idleMs: 60_000, totalMs: 60_000 } });
        await response.body[Symbol.asyncIterator]().return?.();
        await response.done;
        expect((await stage.send()).type).toBe('answered');
      }));

    test('leaving the answer early cancels the exchange, and the next upload arrives', () =>
      play(group, { profile }, async (stage) => {
        stage.peer.next({ whole: (r) => r.answerPart('half', 10) });
        const response = await stage.start();
        for await (const chunk of response.body) {
          expect(Buffer.from(chunk).toString()).toBe('half');
          break;
        }
        await response.done;
        expect((await stage.send()).type).toBe('answered');
      }));
  });
}
