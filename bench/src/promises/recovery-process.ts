/** The process that measures what a dead connection and a retry cost an upload. */
import { measureEviction, measureRetry, type RecoveryJob } from './recovery.ts';

process.once('message', async (job: RecoveryJob) => {
  const measured = job.kind === 'eviction' ? await measureEviction(job) : await measureRetry(job);
  process.send?.(measured, () => process.exit(0));
});
