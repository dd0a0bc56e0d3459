import { expect, test } from 'vitest';
import type { Group } from '../groups/group.ts';
import { growth, megabytes, slope } from '../memory/growth.ts';
import { heldBytes } from '../memory/measure.ts';
import type { ChurnReport } from '../report/transport-report.ts';
import { PROFILES } from '../stage/profiles.ts';
import { churnRound } from './round.ts';

/** Sends of one round: few enough to replay one and read what happened. */
const ROUND_SENDS = 60;

/** For the run that everybody makes. */
const SHORT_SENDS = 360;

/**
 * What a run may hold more at its end than at its beginning, in bytes: a connection, a body or a TLS context kept for every send
 * is more than that.
 */
const MOST_GROWTH = 8_000_000;

/** From so many sends on a slope can be told from chance. */
const SLOPE_SENDS = 6_000;

/** What a long run may keep for each send, in bytes: an object kept for every send, however small, is more than that. */
const MOST_KEPT = 150;

/**
 * Seeded chaos with one invariant: every send settles, the peer's books and the client agree, and nothing is left behind, memory included.
 * `FERRY_CHURN_SENDS` sets how many sends (default 360), `FERRY_CHURN_SEED` where chance begins (default 1 for the short
 * run, the time of day for a longer one).
 */
export function churn(group: Group, onReport: (report: ChurnReport) => void): void {
  const sends = numberFrom('FERRY_CHURN_SENDS') ?? SHORT_SENDS;
  const seed = numberFrom('FERRY_CHURN_SEED') ?? (sends === SHORT_SENDS ? 1 : Date.now() % 1_000_000);
  const { make, claims, certificate } = group;

  test(
    `churn: ${sends} sends from seed ${seed} settle, agree with the peer, and leave nothing behind; memory is flat`,
    async () => {
      const endings: Record<string, number> = {};
      const held: number[] = [];
      for (let round = 0; round * ROUND_SENDS < sends; round += 1) {
        const at = seed + round;
        // By the seed, so that a replay of one round meets the same profile.
        const profile = PROFILES[at % PROFILES.length] ?? 'FRESH';
        const { protocol, fallsBack, road } = claims;
        const parts = { make, protocol, fallsBack, road, profile, certificate: certificate() };
        const result = await churnRound({ ...parts, seed: at, sends: ROUND_SENDS });
        for (const [ending, count] of result.endings) endings[ending] = (endings[ending] ?? 0) + count;
        const replay = `replay: FERRY_CHURN_SEED=${at} FERRY_CHURN_SENDS=${ROUND_SENDS} (${profile})`;
        expect(result.findings, replay).toEqual([]);
        held.push(await heldBytes());
      }
      const memory = growth(held);
      const kept = Math.round(slope(held) / ROUND_SENDS);
      onReport({ seed, sends, endings, memory, kept });
      if (sends >= SLOPE_SENDS) expect(kept, `${kept} bytes are kept for every send`).toBeLessThan(MOST_KEPT);
      expect(memory.grown, `memory grew by ${megabytes(memory.grown)}`).toBeLessThan(MOST_GROWTH);
    },
    30_000 + sends * 100,
  );
}

function numberFrom(name: string): number | undefined {
  const text = process.env[name];
  if (text === undefined || text === '') return undefined;
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new Error(`${name} must be a whole number from 1`);
  return value;
}
