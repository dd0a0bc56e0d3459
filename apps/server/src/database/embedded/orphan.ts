import { rm } from 'node:fs/promises';
import { sleep } from '@ferry/core';
import { processesIn, recordedPostmaster } from './processes.ts';

const LOOK_AGAIN_MS = 20;
/** SIGINT is a fast shutdown, SIGQUIT an immediate one (pg_ctl(1)); the processes of a dead postmaster end by themselves. */
const STEPS = [
  ['SIGINT', 10_000],
  ['SIGQUIT', 3_000],
  ['SIGKILL', 3_000],
] as const;

/**
 * Ends a server on `data` that is not our child, and removes a lock file that would stop the next one for no reason: its
 * number may be somebody else's by now. Where the system does not tell who works in a folder, the lock file is left to
 * PostgreSQL's own judgement.
 * @throws Error when it cannot be ended.
 */
export async function endOrphan(data: string): Promise<void> {
  for (const [signal, patienceMs] of STEPS) {
    const recorded = await recordedPostmaster(data);
    const processes = await processesIn(data);
    if (processes === undefined) return;
    if (processes.length === 0) {
      if (recorded !== undefined) await rm(`${data}/postmaster.pid`, { force: true });
      return;
    }
    // The postmaster ends its own; without one they see that it is gone and end.
    const targets = signal === 'SIGKILL' ? processes : processes.filter((pid) => pid === recorded);
    for (const pid of targets) kill(pid, signal);
    const until = performance.now() + patienceMs;
    while (performance.now() < until && (await processesIn(data))?.length !== 0) await sleep(LOOK_AGAIN_MS);
  }
  if ((await processesIn(data))?.length !== 0)
    throw new Error('the PostgreSQL that was running cannot be ended');
  await rm(`${data}/postmaster.pid`, { force: true });
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It is gone, or somebody else's: what remains is counted afterwards.
  }
}
