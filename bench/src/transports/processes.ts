import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { program } from '../program.ts';
import type { Job, Measured, Target, Trouble } from './job.ts';

/** Longer than any job should take. */
const MAX_JOB_MS = 120_000;

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
  const child = fork(program('transports/sink-process'), [JSON.stringify(options)]);
  const target = (await message(child, 'the sink')) as Target;
  return {
    target,
    async stop() {
      const gone = once(child, 'exit');
      child.disconnect();
      await gone;
    },
  };
}

/** Does one job in a fresh process: what one variant compiles, caches or leaks is no other's advantage or burden. */
export async function runJob(job: Job): Promise<Measured> {
  const child = fork(program('transports/client-process'));
  const limit = setTimeout(() => child.kill('SIGKILL'), MAX_JOB_MS);
  try {
    const gone = once(child, 'exit');
    child.send(job);
    const measured = (await message(child, job.variant)) as Measured;
    await gone;
    return measured;
  } finally {
    clearTimeout(limit);
    child.kill();
  }
}

/** The child's first message; throws when it ends without one. */
function message(child: ChildProcess, name: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    child.once('message', resolve);
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      reject(new Error(`${name} ended (${signal ?? code}) before it had a result`));
    });
  });
}
