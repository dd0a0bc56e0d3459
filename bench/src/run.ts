import { measureFire } from './fire/fire.ts';
import { runGateway } from './gateway/run-gateway.ts';
import type { PartName, Plan } from './plan.ts';
import { measurePromises } from './promises/measure.ts';
import { speedRows } from './promises/speed.ts';
import { describeMachine, h2loadVersion, loadOfNow } from './results/machine.ts';
import type { Measurement } from './results/measurement.ts';
import type { NamedRow } from './results/named-row.ts';
import type { Results } from './results/results.ts';
import { measureTransports } from './transports/measure.ts';
import { startSink } from './transports/processes.ts';

/** Runs these parts of a plan, one after another, and tells what it is at. */
export async function run(
  plan: Plan,
  parts: readonly PartName[],
  say: (line: string) => void,
): Promise<Results> {
  const startedAt = performance.now();
  const machine = describeMachine();
  const rows: NamedRow[] = [];
  const measurements: Measurement[] = [];
  // The rows of speed are what the promises begin with.
  if (parts.includes('transports') || parts.includes('promises')) {
    const { results, measurements: measured } = await transports(plan, say);
    measurements.push(...measured);
    rows.push(...speedRows(results));
  }
  if (parts.includes('promises')) rows.push(...(await measurePromises(plan.promises, say)));
  if (parts.includes('gateway')) measurements.push(...(await runGateway(plan.gateway, say)));
  if (parts.includes('fire')) measurements.push(...(await measureFire(plan.fire, say)));
  return {
    format: 1,
    mode: plan.mode,
    seconds: Math.round((performance.now() - startedAt) / 1_000),
    machine: { ...machine, load: [...machine.load, loadOfNow()] },
    rows,
    measurements,
  };
}

async function transports(
  { transports: plan }: Plan,
  say: (line: string) => void,
): ReturnType<typeof measureTransports> {
  const installed = h2loadVersion() !== undefined;
  if (!installed && plan.variants.includes('h2load')) {
    say('transports: h2load is left out, it is not installed (Debian: nghttp2-client)');
  }
  const variants = plan.variants.filter((variant) => installed || variant !== 'h2load');
  const sink = await startSink();
  try {
    return await measureTransports(sink.target, { ...plan, variants }, say);
  } finally {
    await sink.stop();
  }
}
