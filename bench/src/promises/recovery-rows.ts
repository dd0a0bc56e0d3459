import { inFreshProcess } from '../children/child.ts';
import { median } from '../report.ts';
import type { NamedRow } from '../results/named-row.ts';
import { startSink } from '../transports/processes.ts';
import { RETRY_WAIT_MS, type Recovery, type RecoveryJob } from './recovery.ts';
import { atMost, promised } from './row.ts';

const MAX_MS = 60_000;
/** A proof is late after 50 ms where a round trip takes less than a third of it; timers may be some milliseconds late. */
const EVICTION_MS = 60;
/** One more upload, and nothing else. */
const RETRY_RATIO = 2;

/** What an upload loses when its pooled connection had silently died while it rested. */
export async function evictionRow(uploads: number): Promise<NamedRow> {
  const sink = await startSink();
  try {
    const { cleanMs, troubledMs, attempts } = await run({ kind: 'eviction', target: sink.target, uploads });
    const failed = attempts.filter((number) => number > 1).length;
    return promised(
      'stale eviction',
      'An upload whose pooled connection died silently, beyond one on a fresh connection',
      atMost(EVICTION_MS, 'ms'),
      troubledMs.map((ms, i) => ms - (cleanMs[i] ?? Number.NaN)),
      `fresh ${median(cleanMs).toFixed(0)} ms; ${failed} of ${attempts.length} uploads needed a second attempt`,
    );
  } finally {
    await sink.stop();
  }
}

/** What an upload loses to a reset in the middle of its body, the wait before the second attempt taken off. */
export async function retryRow(uploads: number): Promise<NamedRow> {
  const sink = await startSink({ trouble: { kind: 'stream-reset', every: 3 } });
  try {
    const { cleanMs, troubledMs, waitedMs } = await run({ kind: 'retry', target: sink.target, uploads });
    const clean = median(cleanMs);
    return promised(
      'cost of a retry',
      'An upload of 1 MB that was reset half-way and sent again, its wait taken off, to a clean one',
      atMost(RETRY_RATIO, 'x'),
      troubledMs.map((ms) => ms / clean),
      `clean ${clean.toFixed(1)} ms; the wait, here up to ${RETRY_WAIT_MS} ms at random and by default up to 500 ms, was ${median(waitedMs).toFixed(0)} ms`,
    );
  } finally {
    await sink.stop();
  }
}

async function run(job: RecoveryJob): Promise<Recovery> {
  const take = (measured: unknown): Recovery => measured as Recovery;
  return await inFreshProcess('promises/recovery-process', job, `the client (${job.kind})`, MAX_MS, take);
}
