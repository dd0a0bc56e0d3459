import type { PromisePlan } from '../plan.ts';
import type { NamedRow } from '../results/named-row.ts';
import type { Step } from '../steps.ts';
import { bundleRows } from './bundle.ts';
import { cutThroughRow } from './cut-through.ts';
import { memoryRows } from './memory.ts';
import { overheadRows, overheadSeconds } from './overhead.ts';
import { prewarmedRow } from './prewarmed.ts';
import { evictionRow, retryRow } from './recovery-rows.ts';

/** What the design promised, but for the speed of the transports, which comes with their part. */
export function promiseSteps(plan: PromisePlan): Step[] {
  const { prewarmed, bundle, cutThrough, overhead, memory } = plan;
  const step = (
    name: string,
    seconds: number,
    measure: () => Promise<NamedRow | readonly NamedRow[]>,
  ): Step => ({ part: 'promises', name, seconds, run: async () => ({ rows: [await measure()].flat() }) });
  return [
    step('prewarmed', prewarmed.rounds * (1 + 0.9 * prewarmed.uploads), () =>
      prewarmedRow(prewarmed.rounds, prewarmed.uploads),
    ),
    step('CA bundle', 1 + bundle.rounds * 6 * (0.2 + (bundle.warmUpMs + bundle.measureMs) / 1_000), () =>
      bundleRows(bundle),
    ),
    step('cut-through', 4 + 0.8 * 2 * cutThrough.rounds * cutThrough.megabytes, () =>
      cutThroughRow(cutThrough),
    ),
    step('gateway overhead', overheadSeconds(overhead), () => overheadRows(overhead)),
    step('memory', 1.3 * memory.variants.length, () => memoryRows(memory.variants, memory.megabytes)),
    step('stale eviction', 1 + 1.2 * plan.evictions, () => evictionRow(plan.evictions)),
    step('cost of a retry', 1 + plan.retries / 6, () => retryRow(plan.retries)),
  ];
}
