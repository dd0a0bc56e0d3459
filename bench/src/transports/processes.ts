import { inFreshProcess, messageFrom, START_MS, startProgram, stopChild } from '../children/child.ts';
import type { Job, Measured, Target, Trouble } from './job.ts';

/** How much longer a job may take than it should. */
const GRACE_MS = 20_000;
/** For jobs that end when they have done their work: more than any of them takes on a busy machine. */
const WORK_MS = 60_000;

export interface Sink {
  readonly target: Target;
  stop(): Promise<void>;
}

export interface SinkOptions {
  readonly roundTripMs?: number;
  readonly trouble?: Trouble;
}

/** Starts the server in a process of its own. */
export async function startSink(options: SinkOptions = {}): Promise<Sink> {
  const child = startProgram('transports/sink-process', [JSON.stringify(options)]);
  const stop = (): Promise<void> =>
    stopChild(child, () => child.process.connected && child.process.disconnect());
  try {
    return { target: await messageFrom(child, 'the server', START_MS, (target) => target as Target), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Does one job in a fresh process. */
export async function runJob(job: Job): Promise<Measured> {
  const take = (measured: unknown): Measured => measured as Measured;
  return await inFreshProcess('transports/client-process', job, job.variant, limitOf(job), take);
}

function limitOf(job: Job): number {
  switch (job.type) {
    case 'load':
      return job.warmUpMs + job.measureMs + GRACE_MS;
    case 'spaced':
    case 'stream':
      return WORK_MS;
    case 'fire':
      // At the worst every upload is lost.
      return Math.min(2 * WORK_MS, (job.uploads * (job.restMs + job.patienceMs)) / job.atOnce + WORK_MS);
  }
}
