import { expect, it } from 'vitest';
import { spread } from './spread.ts';

it('places stay where they are when there is room, whatever their order', () => {
  expect(spread([], 0.2)).toEqual([]);
  expect(spread([0.5], 0.2)).toEqual([0.5]);
  expect(spread([0.9, 0.1], 0.2)).toEqual([0.9, 0.1]);
});

it('places that would cover each other are moved apart, in their order and on the line', () => {
  for (const places of [
    [0, 0, 0],
    [1, 1, 1],
    [0.5, 0.5],
    [0.95, 0.99, 1, 1],
    Array.from({ length: 9 }, () => 0.5),
  ]) {
    const gap = Math.min(0.22, 1 / (places.length - 1));
    const placed = spread(places, 0.22);
    for (const [i, at] of placed.entries()) {
      expect(at).toBeGreaterThanOrEqual(0);
      expect(at).toBeLessThanOrEqual(1);
      if (i > 0) expect(at - (placed[i - 1] ?? 0)).toBeGreaterThan(gap - 1e-9);
    }
  }
});
