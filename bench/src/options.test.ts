import { expect, test } from 'vitest';
import { listOf, wholeNumber } from './options.ts';

test('a number within its limits is taken', () => {
  expect(wholeNumber('rounds', '1', 1, 20)).toBe(1);
  expect(wholeNumber('rounds', '20', 1, 20)).toBe(20);
});

test.each(['0', '21', '1.5', '', ' ', 'many'])('%j rounds are refused by name', (text) => {
  expect(() => wholeNumber('rounds', text, 1, 20)).toThrow('--rounds must be a whole number from 1 to 20');
});

test('a list is taken item by item, and an item nobody knows is named', () => {
  const parse = (item: string) => (item === 'got' || item === 'fetch' ? item : undefined);
  expect(listOf('variants', 'got, fetch', parse)).toEqual(['got', 'fetch']);
  expect(() => listOf('variants', 'got,wget', parse)).toThrow('--variants does not know "wget"');
  expect(() => listOf('variants', '', parse)).toThrow('--variants does not know ""');
});
