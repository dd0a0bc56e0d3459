import { expect, test } from 'vitest';
import { type AlertState, INACTIVE, nextState } from './alert-state.ts';

const FOR_MS = 60_000;

/** The names of the states after looks at these times, bad or not. */
function through(looks: readonly (readonly [atMs: number, bad: boolean])[], forMs = FOR_MS): string[] {
  let state: AlertState = INACTIVE;
  return looks.map(([at, bad]) => {
    state = nextState(state, bad, at, forMs);
    return state.type;
  });
}

test('what is bad for long enough fires, and resolves when it is good again', () => {
  expect(
    through([
      [0, false],
      [1_000, true],
      [60_000, true],
      [61_000, true],
      [62_000, true],
      [63_000, false],
      [64_000, false],
    ]),
  ).toEqual(['inactive', 'pending', 'pending', 'firing', 'firing', 'resolved', 'resolved']);
});

test('what is bad for a moment never fires', () => {
  expect(
    through([
      [0, true],
      [59_999, true],
      [60_000, false],
      [61_000, true],
      [120_999, true],
    ]),
  ).toEqual(['pending', 'pending', 'inactive', 'pending', 'pending']);
});

test('what has resolved waits again before it fires again', () => {
  expect(
    through([
      [0, true],
      [60_000, true],
      [61_000, false],
      [62_000, true],
      [122_000, true],
    ]),
  ).toEqual(['pending', 'firing', 'resolved', 'pending', 'firing']);
});

test('without a wait it fires at once', () => {
  expect(through([[0, true]], 0)).toEqual(['firing']);
});

test('what resolved says when it began and when it ended', () => {
  const firing: AlertState = { type: 'firing', since: 5 };
  expect(nextState(firing, false, 9, 0)).toEqual({ type: 'resolved', since: 5, at: 9 });
});
