import { expect, test } from 'vitest';
import { cleanFilename, defaultFilename, filenameFromUrl } from './filename.ts';

test.each([
  ['photo.jpg', 'photo.jpg'],
  ['/etc/passwd', 'passwd'],
  ['..\\..\\windows\\photo.jpg', 'photo.jpg'],
  ['C:\\photos\\été 1.png', 'été 1.png'],
  ['a\r\nUpload success: b.jpg', 'aUpload success: b.jpg'],
  ['exe\u202Egpj.jpg', 'exegpj.jpg'],
  ['\u0000\u001b[31mred.png\u009b', '[31mred.png'],
  ['  spaced.png ', 'spaced.png'],
  ['.hidden', '.hidden'],
])('%j becomes %j', (name, clean) => {
  expect(cleanFilename(name)).toBe(clean);
});

test.each(['', '.', '..', 'a/', '\r\n', '/'])('%j leaves no name', (name) => {
  expect(cleanFilename(name)).toBeUndefined();
});

test('a name that is too long keeps its extension and no half character', () => {
  const clean = cleanFilename(`${'🚀'.repeat(400)}.jpeg`) ?? '';
  expect(Array.from(clean)).toHaveLength(150);
  expect(clean.endsWith('🚀.jpeg')).toBe(true);
  expect(clean.isWellFormed()).toBe(true);
});

const png = { mediaType: 'image/png', extension: 'png' } as const;

test.each([
  ['https://example.com/a/photo.jpg?x=1', 'photo.jpg'],
  ['https://example.com/a/photo', 'photo.png'],
  ['https://example.com/%C3%A9t%C3%A9.png', 'été.png'],
  ['https://example.com/..%2F..%2Fetc%2Fpasswd', 'passwd.png'],
  ['https://example.com/%ff.png', '%ff.png'],
  ['https://example.com/', undefined],
])('the name of %s is %s', (url, name) => {
  expect(filenameFromUrl(new URL(url), png)).toBe(name);
});

test('an input without a name is called after what it is', () => {
  expect(defaultFilename(png)).toBe('image.png');
  expect(defaultFilename(undefined)).toBe('upload.bin');
});
