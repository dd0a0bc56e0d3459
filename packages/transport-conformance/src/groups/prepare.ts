import { listenTcp } from '@ferry/upstream-sim/peers';
import { expect, test } from 'vitest';
import { eventually, turns } from '../stage/eventually.ts';
import type { Stage } from '../stage/stage.ts';
import { type Group, play } from './group.ts';

async function prepared(stage: Stage): Promise<void> {
  stage.transport.prepare?.(stage.url);
  expect(await eventually(() => stage.transport.stats().spare === 1)).toBe(true);
}

/** `prepare()` has a connection ready before the first request, and sends nothing. */
export function prepare(group: Group): void {
  test.each(['PREWARMED', 'POOLED'] as const)(
    '%s: the first upload finds the connection that was prepared for it',
    (profile) =>
      play(group, { profile }, async (stage) => {
        await prepared(stage);
        expect([stage.peer.accepted(), stage.peer.requests.length]).toEqual([1, 0]);
        expect(await stage.send()).toMatchObject({
          type: 'answered',
          exchange: { connectionOrigin: 'prewarmed', connectionReused: false },
        });
      }),
  );

  test('POOLED: many announcements prepare one connection for all', () =>
    play(group, { profile: 'POOLED' }, async (stage) => {
      for (let i = 0; i < 10; i += 1) stage.transport.prepare?.(stage.url);
      await prepared(stage);
      expect(stage.peer.accepted()).toBe(1);
    }));

  test('PREWARMED: announcements open no more spares than the policy has', () =>
    play(group, { profile: 'PREWARMED', policy: { spares: 2, maxConnections: 2 } }, async (stage) => {
      await stage.warmUp();
      for (let i = 0; i < 10; i += 1) stage.transport.prepare?.(stage.url);
      await turns();
      const { live, connecting } = stage.transport.stats();
      expect(live + connecting).toBeLessThanOrEqual(2);
    }));

  test('what was prepared in vain goes as a spare goes', () =>
    play(group, { profile: 'PREWARMED', policy: { spareMaxIdleMs: 150 } }, async (stage) => {
      await prepared(stage);
      expect(await eventually(() => stage.peer.openSockets() === 0)).toBe(true);
    }));

  test('FRESH opens nothing before its upload, so that its connection is never older than the upload', () =>
    play(group, { profile: 'FRESH' }, async (stage) => {
      stage.transport.prepare?.(stage.url);
      expect(stage.transport.stats()).toMatchObject({ live: 0, connecting: 0 });
      expect(await stage.send()).toMatchObject({ exchange: { connectionOrigin: 'fresh' } });
      expect(stage.peer.accepted()).toBe(1);
    }));

  test('an origin that cannot be reached troubles nobody', () =>
    play(group, { profile: 'PREWARMED' }, async (stage) => {
      const gone = await listenTcp(() => undefined);
      await gone.close();
      stage.transport.prepare?.(gone.url);
      expect(await eventually(() => stage.transport.stats().connecting === 0)).toBe(true);
      expect((await stage.send()).type).toBe('answered');
    }));

  test('a closed transport prepares nothing', () =>
    play(group, { profile: 'POOLED' }, async (stage) => {
      await stage.transport.close();
      stage.transport.prepare?.(stage.url);
      await turns();
      expect(stage.peer.accepted()).toBe(0);
    }));
}
