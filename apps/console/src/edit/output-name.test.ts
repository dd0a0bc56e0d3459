import { expect, it } from 'vitest';
import { outputName } from './output-name.ts';

it('a result is named after its original, its place and its type', () => {
  expect(outputName('coffee.jpg', 0, 'image/jpeg')).toBe('coffee-edited.jpg');
  expect(outputName('my.holiday.png', 1, 'image/webp')).toBe('my.holiday-edited-2.webp');
  expect(outputName('', 0, 'image/unknown')).toBe('image-edited.png');
});

it('a result that is edited again does not gather endings', () => {
  expect(outputName('coffee-edited-2.png', 0, 'image/png')).toBe('coffee-edited.png');
});
