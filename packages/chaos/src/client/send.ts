import { type Repeat, type RequestPlan, repeatOf } from '../plan/request-plan.ts';
import type { RequestRecord } from '../reconcile/reconcile.ts';
import type { ChaosClient } from './client.ts';

/**
 * Sends a request and what comes again under its key: some at the same moment, the others one after another when these are settled.
 * Never rejects.
 * @param between is waited for before each of the others.
 */
export async function sendWithRepeats(
  client: ChaosClient,
  plan: RequestPlan,
  between: (records: readonly RequestRecord[]) => Promise<void>,
): Promise<RequestRecord[]> {
  const first: Repeat = { at: 'once', payload: 'same' };
  const atOnce = plan.repeats.filter(({ at }) => at === 'once');
  const records = await Promise.all([
    record(client, plan, first, []),
    ...atOnce.map((repeat) => record(client, repeatOf(plan, repeat), repeat, [])),
  ]);
  for (const repeat of plan.repeats.filter(({ at }) => at === 'end')) {
    await between(records);
    records.push(await record(client, repeatOf(plan, repeat), repeat, records));
  }
  return records;
}

/** Sends one request. @param earlier what is known of its key by now. */
async function record(
  client: ChaosClient,
  plan: RequestPlan,
  { payload }: Repeat,
  earlier: readonly RequestRecord[],
): Promise<RequestRecord> {
  const { index, n, images, key } = plan;
  const edited = earlier.find(({ told }) => told.type === 'edited');
  const sent = images.map(({ sha256, bytes }) => ({ sha256, bytes: bytes.byteLength }));
  const told = await client.send(plan);
  if (key === undefined) return { index, n, images: sent, told };
  return { index, n, images: sent, told, keyed: { payload, answered: edited?.keyed?.payload } };
}

/** Sends one request that stands alone. Never rejects. */
export async function sendOnce(client: ChaosClient, plan: RequestPlan): Promise<RequestRecord> {
  return await record(client, plan, { at: 'once', payload: 'same' }, []);
}
