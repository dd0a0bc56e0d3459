import { expect, it } from 'vitest';
import { afterKey, atPointer } from './position.ts';

it('the arrow keys move the handle by two percent, and by ten with Shift', () => {
  expect(afterKey(50, 'ArrowLeft', false)).toBe(48);
  expect(afterKey(50, 'ArrowRight', false)).toBe(52);
  expect(afterKey(50, 'ArrowUp', true)).toBe(60);
  expect(afterKey(50, 'PageDown', false)).toBe(40);
});

it('the handle stops at the edges and goes there by Home and End', () => {
  expect(afterKey(1, 'ArrowLeft', false)).toBe(0);
  expect(afterKey(95, 'ArrowRight', true)).toBe(100);
  expect(afterKey(30, 'Home', false)).toBe(0);
  expect(afterKey(30, 'End', false)).toBe(100);
});

it('other keys are left to the page', () => {
  expect(afterKey(50, 'Tab', false)).toBeUndefined();
});

it('the handle follows the pointer and stays on the picture when the pointer leaves it', () => {
  const box = { left: 100, width: 400 };
  expect(atPointer(200, box)).toBe(25);
  expect(atPointer(20, box)).toBe(0);
  expect(atPointer(900, box)).toBe(100);
  expect(atPointer(0, { left: 0, width: 0 })).toBe(50);
});
