import { expect, test } from 'vitest';
import { eventually } from '../stage/eventually.ts';
import { connectionOf } from '../stage/outcome.ts';
import type { Stage } from '../stage/stage.ts';
import { type Group, play } from './group.ts';

async function several(stage: Stage, count: number): Promise<(string | undefined)[]> {
  const ids: (string | undefined)[] = [];
  for (let i = 0; i < count; i += 1) {
    const outcome = await stage.send();
    expect(outcome.type).toBe('answered');
    ids.push(connectionOf(outcome));
  }
  return ids;
}

const distinct = (ids: readonly unknown[]): number => new Set(ids).size;

/** A policy means the same for every transport. */
export function reuse(group: Group): void {
  test('FRESH opens a connection for each upload and closes it after', () =>
    play(group, { profile: 'FRESH' }, async (stage) => {
      expect(distinct(await several(stage, 3))).toBe(3);
      expect(await eventually(() => stage.peer.openSockets() === 0)).toBe(true);
      expect(stage.peer.accepted()).toBe(3);
    }));

  test('PREWARMED sends the second upload on a connection that stands ready', () =>
    play(group, { profile: 'PREWARMED' }, async (stage) => {
      await stage.warmUp();
      const second = await stage.send();
      expect(second).toMatchObject({
        type: 'answered',
        exchange: { connectionOrigin: 'prewarmed', connectionReused: false },
      });
    }));

  test('PREWARMED keeps no more spares than it may, and lets them go when they are too old', () =>
    play(group, { profile: 'PREWARMED', policy: { spares: 2, spareMaxIdleMs: 150 } }, async (stage) => {
      await Promise.all([stage.send(), stage.send(), stage.send()]);
      await stage.warmUp();
      expect(stage.transport.stats().spare).toBeLessThanOrEqual(2);
      expect(await eventually(() => stage.peer.openSockets() === 0)).toBe(true);
    }));

  test('POOLED uses one connection again and again', () =>
    play(group, { profile: 'POOLED' }, async (stage) => {
      expect(distinct(await several(stage, 5))).toBe(1);
      expect(stage.peer.accepted()).toBe(1);
      const again = await stage.send();
      expect(again).toMatchObject({ exchange: { connectionOrigin: 'reused', connectionReused: true } });
    }));

  test('a connection carries no more requests than maxUses', () =>
    play(group, { profile: 'POOLED', policy: { maxUses: 2 } }, async (stage) => {
      const ids = await several(stage, 5);
      expect(distinct(ids)).toBe(3);
      expect(ids[0]).toBe(ids[1]);
    }));

  test('a connection idle for maxIdleMs is closed', () =>
    play(group, { profile: 'POOLED', policy: { maxIdleMs: 100 } }, async (stage) => {
      await stage.send();
      expect(await eventually(() => stage.peer.openSockets() === 0)).toBe(true);
      expect((await stage.send()).type).toBe('answered');
    }));

  test('a connection as old as maxAgeMs is not used again', () =>
    play(group, { profile: 'POOLED', policy: { maxAgeMs: 100 } }, async (stage) => {
      await stage.send();
      expect(await eventually(() => stage.transport.stats().live === 0)).toBe(true);
      await stage.send();
      expect(stage.peer.accepted()).toBe(2);
    }));

  test('there are never more connections than maxConnections', () =>
    play(group, { profile: 'POOLED', policy: { maxConnections: 2 } }, async (stage) => {
      const outcomes = await Promise.all(Array.from({ length: 20 }, () => stage.send()));
      expect(outcomes.every((outcome) => outcome.type === 'answered')).toBe(true);
      expect(stage.peer.accepted()).toBeLessThanOrEqual(2);
    }));

  test('a request that must avoid a connection takes another one, even when there is room for one only', () =>
    play(group, { profile: 'POOLED', policy: { maxConnections: 1 } }, async (stage) => {
      const first = connectionOf(await stage.send());
      const second = await stage.send({ avoid: new Set([first ?? '']) });
      expect(second.type).toBe('answered');
      expect(connectionOf(second)).not.toBe(first);
    }));

  test('a connection that the peer closed while it was idle costs the next upload nothing', () =>
    play(group, { profile: 'POOLED' }, async (stage) => {
      await stage.send();
      stage.peer.finAll();
      expect(await eventually(() => stage.transport.stats().live === 0)).toBe(true);
      expect((await stage.send()).type).toBe('answered');
    }));
}
