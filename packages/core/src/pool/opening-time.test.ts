import { expect, test } from 'vitest';
import { OpeningTime, slowConnectAfter } from './opening-time.ts';

test.each([
  ['nothing is known: as long as a lost SYN takes to be repeated', undefined, 1_000],
  ['a near peer is given the time of one address', 5, 250],
  ['a far one twice its usual time', 600, 1_200],
])('%s', (_name, usualMs, expected) => {
  expect(slowConnectAfter(usualMs)).toBe(expected);
});

test('one connection that took long does not make every other wait', () => {
  const time = new OpeningTime();
  time.note(40);
  time.note(400);
  expect(time.slowConnectMs).toBe(250);
});
