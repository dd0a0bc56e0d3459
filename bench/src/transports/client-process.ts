/** A client process: takes one job from its parent, does it, reports what it measured, and ends. */
import type { FireJob, Job, LoadJob, Measured, SpacedJob } from './job.ts';

// A listener that stays keeps the process alive: unused connections do not, nor does the profiler.
process.on('message', async (job: Job) => {
  const measured = await run(job);
  // Disconnecting at once would lose what is not written yet: a profile has megabytes.
  process.send?.(measured, () => {
    // Uploads that were given up may hold their connections for minutes.
    if (job.type === 'fire') process.exit(0);
    process.disconnect?.();
  });
});

async function run(job: Job): Promise<Measured> {
  if (job.type === 'fire') return await underFire(job);
  if (job.type !== 'stream') return await runClient(job);
  // Loaded on its own, since the other clients' libraries would count as memory of ours.
  const { runStream } = await import('./run-stream.ts');
  return await runStream(job);
}

async function underFire(job: FireJob): Promise<Measured> {
  const { runFire } = await import('../fire/run-fire.ts');
  return await runFire(job);
}

async function runClient(job: LoadJob | SpacedJob): Promise<Measured> {
  const { openClient } = await import('./clients/open.ts');
  const { runLoad } = await import('./run-load.ts');
  const { runSpaced } = await import('./run-spaced.ts');
  const { target, trust } = job;
  const baseline = job.type === 'load' ? job.baseline : undefined;
  const client = await openClient(job.variant, { target, trust, baseline });
  try {
    return job.type === 'load' ? await runLoad(client, job) : await runSpaced(client, job);
  } finally {
    await client.close();
  }
}
