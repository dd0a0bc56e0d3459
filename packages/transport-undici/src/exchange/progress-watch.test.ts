import type { Clock } from '@ferry/core';
import { expect, it } from 'vitest';
import { ProgressWatch } from './progress-watch.ts';

/** Time that passes when told: callbacks due are called in order. */
function manualClock(): Clock & { pass(ms: number): void; timers(): number } {
  let now = 0;
  let timers: { at: number; callback: () => void }[] = [];
  return {
    now: () => now,
    wallNow: () => now,
    after(delayMs, callback) {
      const timer = { at: now + delayMs, callback };
      timers.push(timer);
      return () => {
        timers = timers.filter((other) => other !== timer);
      };
    },
    pass(ms) {
      const end = now + ms;
      for (;;) {
        const due = timers.filter((timer) => timer.at <= end).sort((a, b) => a.at - b.at)[0];
        if (due === undefined) break;
        now = due.at;
        timers = timers.filter((timer) => timer !== due);
        due.callback();
      }
      now = end;
    },
    timers: () => timers.length,
  };
}

function watch(idleMs: number, mark: () => string | undefined) {
  const clock = manualClock();
  let silences = 0;
  const subject = new ProgressWatch(clock, idleMs, mark, () => {
    silences += 1;
  });
  return { clock, subject, silences: () => silences };
}

it('silence is noticed within a tenth of idleMs, not at twice of it', () => {
  const { clock, silences } = watch(1_000, () => 'still');
  clock.pass(999);
  expect(silences()).toBe(0);
  clock.pass(101);
  expect(silences()).toBe(1);
});

it('progress, however slow, is not silence', () => {
  let progress = 0;
  const { clock, silences } = watch(1_000, () => String(progress));
  for (let i = 0; i < 20; i += 1) {
    clock.pass(900);
    progress += 1;
  }
  expect(silences()).toBe(0);
});

it('the time in which nothing is expected to move does not count', () => {
  let expecting = true;
  const { clock, silences } = watch(1_000, () => (expecting ? 'still' : undefined));
  clock.pass(800);
  expecting = false;
  clock.pass(5_000);
  expecting = true;
  clock.pass(800);
  expect(silences()).toBe(0);
  clock.pass(400);
  expect(silences()).toBe(1);
});

it('it leaves no timer, stopped or done', () => {
  const stopped = watch(1_000, () => 'still');
  stopped.subject.stop();
  expect(stopped.clock.timers()).toBe(0);
  const done = watch(1_000, () => 'still');
  done.clock.pass(2_000);
  expect(done.clock.timers()).toBe(0);
});
