import { expect, test } from 'vitest';
import { heldBytes } from './measure.ts';

const MANY = 50_000_000;

test('what is kept is counted, buffers too, and what was let go is not', async () => {
  const before = await heldBytes();
  const kept = new Set([Buffer.alloc(MANY, 1)]);
  expect((await heldBytes()) - before).toBeGreaterThan(0.9 * MANY);
  kept.clear();
  expect((await heldBytes()) - before).toBeLessThan(0.1 * MANY);
});
