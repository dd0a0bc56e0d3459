import { getEventListeners } from 'node:events';
import { expect, test } from 'vitest';
import { FakeClock } from '../testing/fake-clock.ts';
import { sleep, systemClock } from './clock.ts';

test('a sleep ends when its time has come, and not before', async () => {
  const clock = new FakeClock();
  let awake = false;
  const sleeping = sleep(1_000, undefined, clock).then(() => {
    awake = true;
  });
  clock.advance(999);
  await Promise.resolve();
  expect(awake).toBe(false);
  clock.advance(1);
  await sleeping;
  expect(awake).toBe(true);
});

test('a sleep ends the moment its signal aborts, with the reason, and leaves no timer and no listener', async () => {
  const clock = new FakeClock();
  const controller = new AbortController();
  const sleeping = sleep(60_000, controller.signal, clock);
  expect(clock.pending).toBe(1);
  const reason = new Error('the client went away');
  controller.abort(reason);
  await expect(sleeping).rejects.toBe(reason);
  expect(clock.pending).toBe(0);
  expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
});

test('a sleep that was slept to its end leaves no listener on the signal', async () => {
  const clock = new FakeClock();
  const { signal } = new AbortController();
  const sleeping = sleep(10, signal, clock);
  clock.advance(10);
  await sleeping;
  expect(getEventListeners(signal, 'abort')).toHaveLength(0);
});

test('a sleep with a signal that has already aborted sets no timer', async () => {
  const clock = new FakeClock();
  const reason = new Error('too late');
  await expect(sleep(10, AbortSignal.abort(reason), clock)).rejects.toBe(reason);
  expect(clock.pending).toBe(0);
});

test('the clock of the machine fires once, and a cancelled timer does not fire', async () => {
  const fired: string[] = [];
  const cancel = systemClock.after(0, () => fired.push('cancelled'));
  cancel();
  await new Promise<void>((resolve) => {
    systemClock.after(1, () => {
      fired.push('kept');
      resolve();
    });
  });
  expect(fired).toEqual(['kept']);
});

test('durations come from a monotonic clock and dates from the wall clock', () => {
  const from = systemClock.now();
  expect(systemClock.now()).toBeGreaterThanOrEqual(from);
  expect(Math.abs(systemClock.wallNow() - Date.now())).toBeLessThan(60_000);
});

test('the fake clock fires timers in the order of their times, also those that a timer sets', () => {
  const clock = new FakeClock();
  const fired: string[] = [];
  clock.after(20, () => fired.push('second'));
  clock.after(10, () => {
    fired.push('first');
    clock.after(5, () => fired.push('in between'));
  });
  clock.after(31, () => fired.push('too late'));
  clock.advance(30);
  expect(fired).toEqual(['first', 'in between', 'second']);
  expect(clock.now()).toBe(30);
  expect(clock.pending).toBe(1);
});

test('a suspended machine ages by the wall clock while its timers stand still', () => {
  const clock = new FakeClock(0);
  let fired = false;
  clock.after(1_000, () => {
    fired = true;
  });
  clock.suspend(3_600_000);
  expect([clock.now(), clock.wallNow(), fired]).toEqual([0, 3_600_000, false]);
});
