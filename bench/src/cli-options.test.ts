import { expect, test } from 'vitest';
import { parseCommand } from './cli-options.ts';
import { PARTS } from './plan.ts';

test('without options everything is measured quickly, and nothing that is published is touched', () => {
  expect(parseCommand([])).toEqual({
    kind: 'run',
    mode: 'quick',
    parts: PARTS,
    out: '.reports/bench',
    gateway: {},
  });
  expect(parseCommand(['--quick'])).toEqual(parseCommand([]));
});

test('only a whole full run replaces the published report', () => {
  expect(parseCommand(['--full'])).toMatchObject({ mode: 'full', out: 'docs/performance' });
  expect(parseCommand(['--full', 'fire'])).toMatchObject({ parts: ['fire'], out: '.reports/bench' });
  expect(parseCommand(['--full', '--out', 'there'])).toMatchObject({ out: 'there' });
});

test('parts are named', () => {
  expect(parseCommand(['gateway', 'fire', '--quick'])).toMatchObject({ parts: ['gateway', 'fire'] });
});

test('the part gateway takes points of one’s own', () => {
  expect(parseCommand(['gateway', '--rtt', '80', '--rounds', '3'])).toMatchObject({
    parts: ['gateway'],
    gateway: { settings: [{ roundTripMs: 80 }], rounds: 3 },
  });
});

test('two results are compared, and tools get their own options', () => {
  expect(parseCommand(['compare', 'a.json', 'b.json'])).toEqual({
    kind: 'compare',
    before: 'a.json',
    after: 'b.json',
  });
  expect(parseCommand(['ab', '--cells', '1MB:8'])).toEqual({ kind: 'ab', args: ['--cells', '1MB:8'] });
});

test.each([
  [['--quick', '--full'], '--quick and --full exclude one another'],
  [['gatway'], '--part does not know "gatway"'],
  [['compare', 'a.json'], 'compare takes two files with results'],
  [['--rtt', '80'], '--rtt is an option of one part: pnpm bench gateway --rtt ...'],
  [['gateway', 'fire', '--product'], '--product is an option of one part'],
  [['gateway', '--size', 'large'], '--size does not know "large"'],
  [['--fast'], "Unknown option '--fast'"],
])('%j is refused by name', (args, message) => {
  expect(() => parseCommand(args)).toThrow(message);
});
