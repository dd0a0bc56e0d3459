import { inFreshProcess, messageFrom, START_MS, startProgram, stopChild } from '../children/child.ts';
import type { Job, LoadJob, Measured, Target, Trouble } from './job.ts';
import type { Runner, Stint } from './turns.ts';

/** How much longer a job may take than it should. */
const GRACE_MS = 20_000;
/** For jobs that end when they have done their work: more than any of them takes on a busy machine. */
const WORK_MS = 60_000;

export interface Sink {
  readonly target: Target;
  stop(): Promise<void>;
}

/** `node`: Node's own HTTP/2 server. `frames`: one that costs less processor time than any HTTP/2 client, and knows no trouble. */
export type SinkKind = 'node' | 'frames';

export interface SinkOptions {
  /** Default `node`. */
  readonly server?: SinkKind;
  readonly roundTripMs?: number;
  readonly trouble?: Trouble;
}

/** Starts the server in a process of its own. */
export async function startSink(options: SinkOptions = {}): Promise<Sink> {
  const child = startProgram('transports/sinks/sink-process', [JSON.stringify(options)]);
  const stop = (): Promise<void> =>
    stopChild(child, () => child.process.connected && child.process.disconnect());
  try {
    return { target: await messageFrom(child, 'the server', START_MS, (target) => target as Target), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/**
 * Starts a fresh process and warms it up. What it compiles, caches or leaks is no other's advantage or burden.
 * @throws Error with its last words when it fails, or takes too long; as does `measure`.
 */
export async function startLoad(job: LoadJob): Promise<Runner<Measured>> {
  const child = startProgram('transports/client-process');
  const stop = (): Promise<void> =>
    stopChild(child, () => child.process.connected && child.process.disconnect());
  const ask = async (message: LoadJob | Stint, limitMs: number): Promise<unknown> => {
    const answer = messageFrom(child, job.variant, limitMs + GRACE_MS, (given) => given ?? undefined);
    child.process.send(message);
    return await answer;
  };
  try {
    await ask(job, job.warmUpMs);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    async warmUp(stint) {
      await ask(stint, stint.ms);
    },
    measure: async (ms) => (await ask({ ms, bodyBytes: job.bodyBytes }, ms)) as Measured,
    stop,
  };
}

/** Measures a load once, in a process of its own. */
export async function runLoad(job: LoadJob, measureMs: number): Promise<Measured> {
  const load = await startLoad(job);
  try {
    return await load.measure(measureMs);
  } finally {
    await load.stop();
  }
}

type ShortJob = Exclude<Job, LoadJob>;

/** Does one job in a fresh process. */
export async function runJob(job: ShortJob): Promise<Measured> {
  const take = (measured: unknown): Measured => measured as Measured;
  return await inFreshProcess('transports/client-process', job, job.variant, limitOf(job), take);
}

function limitOf(job: ShortJob): number {
  switch (job.type) {
    case 'spaced':
    case 'stream':
      return WORK_MS;
    case 'fire':
      // At the worst every upload is lost.
      return Math.min(2 * WORK_MS, (job.uploads * (job.restMs + job.patienceMs)) / job.atOnce + WORK_MS);
  }
}
