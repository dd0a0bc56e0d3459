import { expect, test } from 'vitest';
import { CELLS, LARGE_TOGETHER, SMALL_ALONE } from './cell.ts';
import { parseOptions } from './options.ts';
import { DEFAULT_VARIANTS, QUICK_VARIANTS } from './variants.ts';

test('without options everything is compared', () => {
  expect(parseOptions([])).toMatchObject({ cells: CELLS, variants: DEFAULT_VARIANTS, rounds: 5 });
});

test('a quick run keeps to what the promises speak of, unless told otherwise', () => {
  expect(parseOptions(['--quick'])).toMatchObject({
    cells: [SMALL_ALONE, LARGE_TOGETHER],
    variants: QUICK_VARIANTS,
  });
  expect(parseOptions(['--quick', '--cells', '10MB:8', '--variants', 'got', '--rounds', '1'])).toMatchObject({
    cells: [{ bodyBytes: 10_000_000, atOnce: 8 }],
    variants: ['got'],
    rounds: 1,
  });
});

test('another build of the transport becomes a variant of its own', () => {
  const options = parseOptions(['--variants', 'undici-pooled', '--baseline', '/before/index.ts']);
  expect(options.variants).toEqual(['undici-pooled', 'undici-pooled-baseline']);
  expect(options.baseline).toBe('file:///before/index.ts');
  const http1 = ['--variants', 'http1-pooled,http1-pooled-baseline', '--baseline', '/before/index.ts'];
  expect(parseOptions(http1).variants).toEqual(['http1-pooled', 'http1-pooled-baseline']);
});

test.each([
  [['--cells', '1GB:1'], '--cells does not know "1GB:1"'],
  [['--variants', 'wget'], '--variants does not know "wget"'],
  [['--rounds', '0'], '--rounds must be'],
  [['--server', 'apache'], '--server does not know "apache"'],
  [['--slow'], "Unknown option '--slow'"],
])('%j is refused by name', (args, message) => {
  expect(() => parseOptions(args)).toThrow(message);
});
