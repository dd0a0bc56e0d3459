import type { PromisePlan } from '../plan.ts';
import type { NamedRow } from '../results/named-row.ts';
import { bundleRows } from './bundle.ts';
import { cutThroughRow } from './cut-through.ts';
import { memoryRows } from './memory.ts';
import { overheadRows } from './overhead.ts';
import { prewarmedRow } from './prewarmed.ts';
import { evictionRow, retryRow } from './recovery-rows.ts';

/** What the design promised, but for the speed of the transports, which has a part of its own. */
export async function measurePromises(plan: PromisePlan, say: (line: string) => void): Promise<NamedRow[]> {
  const rows: NamedRow[] = [];
  const measure = async (name: string, run: () => Promise<NamedRow | readonly NamedRow[]>): Promise<void> => {
    say(`promises: ${name}`);
    rows.push(...[await run()].flat());
  };
  const { prewarmed, bundle, memory } = plan;
  await measure('prewarmed', () => prewarmedRow(prewarmed.rounds, prewarmed.uploads));
  await measure('CA bundle', () => bundleRows(bundle.rounds, bundle.measureMs));
  await measure('cut-through', () => cutThroughRow(plan.cutThrough));
  await measure('gateway overhead', () => overheadRows(plan.overhead, () => undefined));
  await measure('memory', () => memoryRows(memory.variants, memory.megabytes));
  await measure('stale eviction', () => evictionRow(plan.evictions));
  await measure('cost of a retry', () => retryRow(plan.retries));
  return rows;
}
