import { expect, test } from 'vitest';
import { runChaos } from './run.ts';

/** Another seed with the same number of requests: `pnpm chaos --requests 300 --restarts 1 --outages 1 --spares 0 --seed N`. */
const SEED = 1;

test('300 requests through faults, restarts, repeats, an outage of the database and clients that go away: the books agree and nothing is left', async () => {
  const { lines, requests } = await runChaos({
    seed: SEED,
    requests: 300,
    atOnce: 32,
    faultShare: 0.2,
    restarts: 1,
    outages: 1,
    repeatShare: 0.15,
    // The long run has spares; here nobody waits until the last of them is let go.
    spares: 0,
  });
  expect(lines.filter(({ differences }) => differences.length > 0)).toEqual([]);
  // Chaos that lets nothing through, or harms nothing, shows nothing.
  const told = (type: string): number => requests.filter((request) => request.told.type === type).length;
  expect(told('edited')).toBeGreaterThan(150);
  expect(told('refused')).toBeGreaterThan(10);
  expect(told('left')).toBeGreaterThan(10);
  const replays = requests.filter((request) => request.told.type === 'edited' && request.told.replayed);
  expect(replays.length).toBeGreaterThan(5);
  const seen = new Map(lines.map(({ what, count }) => [what, count]));
  for (const what of [
    'other payloads under a key that was answered, all 422',
    'outages in which edits went on',
  ]) {
    expect(seen.get(what), what).toBeGreaterThan(0);
  }
}, 120_000);
