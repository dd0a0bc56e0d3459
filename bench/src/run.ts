import { fireSteps } from './fire/fire.ts';
import { gatewaySteps } from './gateway/run-gateway.ts';
import { messageOf } from './message.ts';
import type { Mode, PartName, Plan } from './plan.ts';
import { promiseSteps } from './promises/measure.ts';
import { Remaining } from './remaining.ts';
import { describeMachine, loadOfNow } from './results/machine.ts';
import type { Measurement } from './results/measurement.ts';
import type { NamedRow } from './results/named-row.ts';
import type { Failure, Results } from './results/results.ts';
import type { Step } from './steps.ts';
import { installedOf } from './transports/installed.ts';
import { transportSteps } from './transports/measure.ts';

export interface Listener {
  /** A line about what is done now. */
  say(line: string): void;
  /** What has been measured so far, and as failures what has not: called after each step. */
  save(results: Results): Promise<void>;
}

/** Runs these parts of a plan. What fails is among the results by name; the rest goes on. */
export async function run(plan: Plan, parts: readonly PartName[], listener: Listener): Promise<Results> {
  return await runSteps({ mode: plan.mode, parts }, stepsOf(plan, parts, listener), listener);
}

/** Runs the steps one after another and keeps what each has measured, whatever becomes of the others. */
export async function runSteps(
  { mode, parts }: { readonly mode: Mode; readonly parts: readonly PartName[] },
  steps: readonly Step[],
  listener: Listener,
): Promise<Results> {
  const startedAt = performance.now();
  const machine = describeMachine();
  const rows: NamedRow[] = [];
  const measurements: Measurement[] = [];
  const failures: Failure[] = [];
  const results = (missing: readonly Failure[]): Results => ({
    format: 1,
    mode,
    parts,
    seconds: Math.round((performance.now() - startedAt) / 1_000),
    machine: { ...machine, load: [...machine.load, loadOfNow()] },
    rows: [...rows],
    measurements: [...measurements],
    failures: [...failures, ...missing],
  });
  const remaining = new Remaining(steps);
  for (const [done, step] of steps.entries()) {
    listener.say(`${step.part}: ${step.name}; ${remaining.after(done, performance.now() - startedAt)}`);
    const failed = (what: string, error: unknown): void => {
      const failure = { part: step.part, what, message: messageOf(error) };
      failures.push(failure);
      listener.say(`FAILED: ${step.part}: ${what}: ${failure.message}`);
    };
    try {
      const found = await step.run(failed);
      rows.push(...(found.rows ?? []));
      measurements.push(...(found.measurements ?? []));
    } catch (error) {
      failed(step.name, error);
    }
    const missing = steps
      .slice(done + 1)
      .map(({ part, name }) => ({ part, what: name, message: 'the run ended before' }));
    await listener.save(results(missing));
  }
  return results([]);
}

/** The order is that of the report but for the gateway, whose loads follow the named rows: those are wanted first. */
function stepsOf(
  { transports, promises, gateway, fire }: Plan,
  parts: readonly PartName[],
  listener: Listener,
): Step[] {
  // The rows of speed are what the promises begin with.
  const speed = parts.includes('transports') || parts.includes('promises');
  const say = (line: string): void => listener.say(`transports: ${line}`);
  const variants = speed ? installedOf(transports.variants, say) : [];
  return [
    ...(speed ? transportSteps({ ...transports, variants }) : []),
    ...(parts.includes('promises') ? promiseSteps(promises) : []),
    ...(parts.includes('gateway') ? gatewaySteps(gateway) : []),
    ...(parts.includes('fire') ? fireSteps(fire) : []),
  ];
}
