import { expect, it } from 'vitest';
import { ProgressWatch } from './progress-watch.ts';

/** Looks whenever the watch wants to, until `end`; resolves with the first moment at which there was silence. */
function silentBefore(end: number, watch: ProgressWatch): number | undefined {
  while (watch.lookAt <= end) {
    const now = watch.lookAt;
    if (watch.silentAt(now)) return now;
  }
  return undefined;
}

const still = { mark: () => 7 };

it('silence is noticed within a tenth of idleMs, not at twice of it', () => {
  const silentAt = silentBefore(10_000, new ProgressWatch(1_000, 0, still));
  expect(silentAt).toBeGreaterThanOrEqual(1_000);
  expect(silentAt).toBeLessThanOrEqual(1_100);
});

it('looked at too early it has nothing to say', () => {
  const watch = new ProgressWatch(1_000, 0, still);
  expect(watch.silentAt(watch.lookAt - 1)).toBe(false);
  expect(watch.lookAt).toBe(100);
});

it('progress, however slow, is not silence', () => {
  let progress = 0;
  const watch = new ProgressWatch(1_000, 0, { mark: () => progress });
  for (let round = 1; round <= 20; round += 1) {
    expect(silentBefore(round * 900, watch)).toBeUndefined();
    progress += 1;
  }
});

it('the time in which nothing is expected to move does not count', () => {
  let expecting = true;
  const watch = new ProgressWatch(1_000, 0, { mark: () => (expecting ? 7 : undefined) });
  expect(silentBefore(800, watch)).toBeUndefined();
  expecting = false;
  expect(silentBefore(5_800, watch)).toBeUndefined();
  expecting = true;
  expect(silentBefore(6_700, watch)).toBeUndefined();
  expect(silentBefore(7_000, watch)).toBeDefined();
});
