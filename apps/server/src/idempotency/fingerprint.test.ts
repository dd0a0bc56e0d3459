import { expect, test } from 'vitest';
import { fingerprint, scopeOf } from './fingerprint.ts';

const image = (sha256: string, bytes = 3) => ({ spool: { sha256 }, bytes });

test('the order of the fields and what was left out do not count; values, images and their order do', () => {
  const one = fingerprint({ prompt: 'x', n: 1, model: undefined }, [image('a'), image('b')]);
  expect(fingerprint({ n: 1, prompt: 'x' }, [image('a'), image('b')])).toBe(one);
  expect(fingerprint({ n: 2, prompt: 'x' }, [image('a'), image('b')])).not.toBe(one);
  expect(fingerprint({ n: 1, prompt: 'x' }, [image('b'), image('a')])).not.toBe(one);
  expect(fingerprint({ n: 1, prompt: 'x' }, [image('a')])).not.toBe(one);
});

test('parts of a scope cannot be moved from one to the other', () => {
  expect(scopeOf('a', 'bc')).not.toBe(scopeOf('ab', 'c'));
});
