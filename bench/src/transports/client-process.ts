/** A client process: takes one job from its parent, does it, reports what it measured, and ends. */
import { openClient } from './clients/open.ts';
import type { Job, Measured } from './job.ts';
import { runLoad } from './run-load.ts';
import { runSpaced } from './run-spaced.ts';
import { runStream } from './run-stream.ts';

// A listener that stays keeps the process alive: unused connections do not, nor does the profiler.
process.on('message', async (job: Job) => {
  const measured = await run(job);
  // Disconnecting at once would lose what is not written yet: a profile has megabytes.
  process.send?.(measured, () => process.disconnect?.());
});

async function run(job: Job): Promise<Measured> {
  if (job.type === 'stream') return await runStream(job);
  const { target, trust } = job;
  const baseline = job.type === 'load' ? job.baseline : undefined;
  const client = await openClient(job.variant, { target, trust, baseline });
  try {
    return job.type === 'load' ? await runLoad(client, job) : await runSpaced(client, job);
  } finally {
    await client.close();
  }
}
