import { describe, expect, it } from 'vitest';
import type { Limits } from '../api/wire.ts';
import { fileProblem, fitCount, formProblems, imageType } from './checks.ts';

const limits: Limits = { maxImages: 3, maxFileBytes: 1024 * 1024, maxPromptChars: 20, nMax: 4 };
const bytes = (...values: (number | string)[]) =>
  Uint8Array.from(values.flatMap((v) => (typeof v === 'number' ? [v] : [...v].map((c) => c.charCodeAt(0)))));
const JPEG = bytes(0xff, 0xd8, 0xff, 0xe0);

it('a file is what its first bytes say, not what its name says', () => {
  expect(imageType(JPEG)).toBe('image/jpeg');
  expect(imageType(bytes(0x89, 'PNG\r\n', 0x1a, '\n'))).toBe('image/png');
  expect(imageType(bytes('RIFF', 1, 2, 3, 4, 'WEBP'))).toBe('image/webp');
  expect(imageType(bytes('RIFF', 1, 2, 3, 4, 'WAVE'))).toBeUndefined();
  expect(imageType(bytes(0, 0, 0, 28, 'ftypavif'))).toBe('image/avif');
  expect(imageType(bytes(0, 0, 0, 28, 'ftypmp42'))).toBeUndefined();
  expect(imageType(bytes('GIF89a'))).toBe('image/gif');
  expect(imageType(bytes('%PDF-1.7'))).toBeUndefined();
  expect(imageType(bytes())).toBeUndefined();
});

describe('a file that cannot be edited', () => {
  const problem = (size: number, head: Uint8Array) => fileProblem({ name: 'x.jpg', size, head }, limits);

  it('is refused in words that say what to do', () => {
    expect(problem(0, bytes())).toBe('x.jpg is empty. Pick the file again, or another one.');
    expect(problem(10, bytes('%PDF'))).toMatch(/^x\.jpg is not an image that can be edited\. Use JPEG/);
    expect(problem(1024 * 1024 + 1, JPEG)).toBe(
      'x.jpg has 1.0\u00a0MB; at most 1.0\u00a0MB are taken. Make it smaller and add it again.',
    );
  });

  it('is one that is over the limit, not one that just fits', () => {
    expect(problem(1024 * 1024, JPEG)).toBeUndefined();
  });
});

it('as many images are taken as there is room for, and the others are counted', () => {
  expect(fitCount(1, ['a', 'b'], limits)).toEqual({ taken: ['a', 'b'], problem: undefined });
  expect(fitCount(2, ['a', 'b'], limits)).toEqual({
    taken: ['a'],
    problem: 'One edit takes at most 3 images: 1 was left out. Remove some to make room.',
  });
  expect(fitCount(3, ['a', 'b'], limits).taken).toEqual([]);
});

describe('a form', () => {
  const form = { prompt: 'warmer light', model: 'm', n: 1, images: 1 };

  it('that is whole has no problem', () => {
    expect(formProblems(form, limits)).toEqual({});
  });

  it('names every problem beside what causes it', () => {
    const problems = formProblems({ prompt: '  \n', model: '', n: 5, images: 0 }, limits);
    expect(Object.keys(problems).sort()).toEqual(['images', 'model', 'n', 'prompt']);
  });

  it('says by how much a prompt is too long', () => {
    expect(formProblems({ ...form, prompt: 'x'.repeat(23) }, limits).prompt).toMatch(/3 characters too long/);
    expect(formProblems({ ...form, prompt: 'x'.repeat(20) }, limits)).toEqual({});
  });
});
