import { Chance } from '@ferry/core/testing';
import { ChaosClient } from './client/client.ts';
import { sendWithRepeats } from './client/send.ts';
import { ENDINGS, OUTAGE_REQUESTS, type Outage, outage } from './outage/outage.ts';
import { planFaults } from './plan/fault-plan.ts';
import { planRequest } from './plan/request-plan.ts';
import type { EmbeddedDatabase } from './process/database.ts';
import type { UpstreamProcess } from './process/upstream.ts';
import type { RequestRecord } from './reconcile/reconcile.ts';

/** Requests of one kind that one process of the upstream may see, as a multiple of what it is sent: retries and repeats count too. */
const RETRY_ROOM = 4;

export interface StormOptions {
  /** Where chance begins: the same seed makes the same decisions. */
  readonly seed: number;
  /** Requests to the gateway; those that come again under their key are counted once. */
  readonly requests: number;
  readonly atOnce: number;
  /** Share of the upstream's requests that meet a fault, from 0 to 1. */
  readonly faultShare: number;
  /** How often the upstream is ended and started again in the middle. */
  readonly restarts: number;
  /** How often the gateway's database is ended in the middle. */
  readonly outages: number;
  /** Share of the requests that come again under an `Idempotency-Key`, from 0 to 1. */
  readonly repeatShare: number;
  /** Hears how many requests are settled. */
  readonly onProgress?: (settled: number) => void;
}

interface StormParts {
  readonly gateway: { readonly url: string };
  readonly upstream: UpstreamProcess;
  readonly database: EmbeddedDatabase;
}

/** Requests from this number on belong to nobody yet. */
export const firstFree = ({ requests, outages }: StormOptions): number =>
  requests + outages * OUTAGE_REQUESTS;

/** Sends everything, several at once, while the upstream fails and is restarted, and the database goes away and comes back. */
export async function storm(
  options: StormOptions,
  { gateway, upstream, database }: StormParts,
): Promise<{ readonly requests: RequestRecord[]; readonly outages: Outage[] }> {
  const {
    seed,
    requests,
    atOnce,
    faultShare,
    restarts,
    outages: outageCount,
    repeatShare,
    onProgress,
  } = options;
  const chance = new Chance(seed);
  const ends = Array.from({ length: outageCount }, (_, at) =>
    Math.floor(((at + 1 / 3) * requests) / outageCount),
  );
  const between = Math.ceil(requests / (restarts + 1));
  const arm = (): Promise<void> =>
    upstream.arm(planFaults(seed, upstream.boots, faultShare, between * RETRY_ROOM));
  await arm();
  const client = new ChaosClient(gateway);
  const records: RequestRecord[] = [];
  const outages: Outage[] = [];
  let begun = 0;
  let settled = 0;
  // One trouble after the other: while the upstream is away too, nobody can say what the database's absence does.
  let trouble = Promise.resolve();
  let restarting = trouble;
  const begin = (index: number): void => {
    if (index > 0 && index % between === 0) {
      const signal = chance.pick(['SIGKILL', 'SIGTERM'] as const);
      const awayMs = chance.between(0, 600);
      restarting = trouble.then(() => upstream.restart(signal, awayMs)).then(arm);
      trouble = restarting;
    }
    const at = ends.indexOf(index);
    if (at === -1) return;
    const how = {
      ending: ENDINGS[at % ENDINGS.length] ?? ENDINGS[0],
      seed,
      from: requests + at * OUTAGE_REQUESTS,
    };
    trouble = trouble.then(async () => void outages.push(await outage(client, database, how)));
  };
  // Who was refused comes back when the upstream does: else most of a run would meet a port where nobody listens.
  const upstreamIsBack = async (sent: readonly RequestRecord[]): Promise<void> => {
    if (sent.some(({ told }) => told.type === 'refused')) await restarting;
  };
  const lane = async (): Promise<void> => {
    while (begun < requests) {
      const plan = planRequest(seed, begun, repeatShare);
      begun += 1;
      begin(plan.index);
      const sent = await sendWithRepeats(client, plan, upstreamIsBack);
      records.push(...sent);
      settled += 1;
      onProgress?.(settled);
      await upstreamIsBack(sent);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
  await trouble;
  client.close();
  return { requests: [...records, ...outages.flatMap((one) => one.requests)], outages };
}
