import { expect, it } from 'vitest';
import { NOWHERE } from '../collection/dense-set.ts';
import { FakeClock } from '../testing/fake-clock.ts';
import { type Deadline, Deadlines } from './deadlines.ts';

function world() {
  const clock = new FakeClock();
  const deadlines = new Deadlines(clock);
  const fired: string[] = [];
  /** Is due once, `inMs` from now. */
  const add = (name: string, inMs: number, onFire?: () => void) => {
    const deadline = {
      place: NOWHERE,
      dueAt: clock.now() + inMs,
      onDue() {
        fired.push(`${name} at ${clock.now()}`);
        deadlines.delete(deadline);
        onFire?.();
      },
    };
    deadlines.add(deadline);
    return deadline;
  };
  return { clock, deadlines, fired, add };
}

it('what is due happens when it is due, whatever the order it came in', () => {
  const { clock, fired, add } = world();
  add('late', 300);
  add('soon', 100);
  add('between', 200);
  clock.advance(1_000);
  expect(fired).toEqual(['soon at 100', 'between at 200', 'late at 300']);
});

it('however many there are, one timer serves them', () => {
  const { clock, add } = world();
  for (let i = 0; i < 100; i += 1) add(`${i}`, 1_000 + i);
  expect(clock.pending).toBe(1);
});

it('what is removed does not happen, and a request after a request sets no timer anew', () => {
  const { clock, deadlines, fired, add } = world();
  const first = add('first', 100);
  let timers = 0;
  const { after } = clock;
  clock.after = (...args) => {
    timers += 1;
    return after.apply(clock, args);
  };
  deadlines.delete(first);
  for (let i = 0; i < 50; i += 1) {
    clock.advance(1);
    deadlines.delete(add(`${i}`, 100));
  }
  expect(timers).toBe(0);
  clock.advance(1_000);
  expect(fired).toEqual([]);
  expect(clock.pending).toBe(0);
});

it('one that is brought forward happens then, one that is put off happens later', () => {
  const { clock, deadlines, fired, add } = world();
  const nearer = add('nearer', 500);
  const farther = add('farther', 100);
  nearer.dueAt = 50;
  deadlines.hasten(nearer);
  farther.dueAt = 900;
  clock.advance(1_000);
  expect(fired).toEqual(['nearer at 50', 'farther at 900']);
});

it('one that is due may remove another that is due as well', () => {
  const { clock, deadlines, fired, add } = world();
  const other: { deadline?: Deadline } = {};
  add('first', 100, () => {
    if (other.deadline !== undefined) deadlines.delete(other.deadline);
  });
  other.deadline = add('second', 100);
  clock.advance(1_000);
  expect(fired).toEqual(['first at 100']);
});

it('one that is never due at present sets no timer', () => {
  const { clock, add } = world();
  add('never', Number.POSITIVE_INFINITY);
  expect(clock.pending).toBe(0);
});

it('cleared, it leaves no timer', () => {
  const { clock, deadlines, fired, add } = world();
  add('one', 100);
  deadlines.clear();
  expect(clock.pending).toBe(0);
  clock.advance(1_000);
  expect(fired).toEqual([]);
});
