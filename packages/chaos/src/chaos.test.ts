import { expect, test } from 'vitest';
import { runChaos } from './run.ts';

/** Another seed with the same number of requests: `pnpm chaos --requests 400 --seed N`. */
const SEED = 1;

test('400 requests through faults, restarts and clients that go away: the books agree and nothing is left', async () => {
  const { lines, requests } = await runChaos({
    seed: SEED,
    requests: 400,
    atOnce: 32,
    faultShare: 0.2,
    restarts: 2,
  });
  expect(lines.filter(({ differences }) => differences.length > 0)).toEqual([]);
  // Chaos that lets nothing through, or harms nothing, shows nothing.
  const told = (type: string): number => requests.filter((request) => request.told.type === type).length;
  expect(told('edited')).toBeGreaterThan(200);
  expect(told('refused')).toBeGreaterThan(10);
  expect(told('left')).toBeGreaterThan(10);
}, 120_000);
