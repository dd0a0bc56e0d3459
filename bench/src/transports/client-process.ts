/**
 * A client process: takes one job from its parent, does it, reports what it measured, and ends. A load is warmed up, and measured as often
 * as the parent sends it how many milliseconds and bytes, until the parent disconnects.
 */
import { once } from 'node:events';
import type { FireJob, Job, LoadJob, Measured, SpacedJob, StreamJob } from './job.ts';
import type { Stint } from './turns.ts';

const [job] = (await once(process, 'message')) as [Job];
if (job.type === 'load') await serveLoad(job);
else await report(await run(job));

async function serveLoad(job: LoadJob): Promise<void> {
  const { openClient } = await import('./clients/open.ts');
  const { warmUp } = await import('./run-load.ts');
  const client = await openClient(job.variant, job);
  try {
    const measure = await warmUp(client, job);
    // A listener that stays keeps the process alive: unused connections do not, nor does the profiler.
    const ended = once(process, 'disconnect');
    // It returns nothing: a listener that does makes every `emit()` of the process dearer (docs/adr/0028).
    process.on('message', ({ ms, bodyBytes }: Stint) => {
      void measure(ms, bodyBytes).then((measured) => process.send?.(measured));
    });
    process.send?.('warm');
    await ended;
  } finally {
    await client.close();
  }
}

async function report(measured: Measured): Promise<void> {
  // Disconnecting at once would lose what is not written yet.
  await new Promise((resolve) => process.send?.(measured, resolve));
  // Uploads that were given up may hold their connections for minutes.
  if (job.type === 'fire') process.exit(0);
  process.disconnect?.();
}

async function run(other: FireJob | SpacedJob | StreamJob): Promise<Measured> {
  switch (other.type) {
    case 'fire':
      return await (await import('../fire/run-fire.ts')).runFire(other);
    case 'stream':
      // Loaded on its own, since the other clients' libraries would count as memory of ours.
      return await (await import('./run-stream.ts')).runStream(other);
    case 'spaced': {
      const { openClient } = await import('./clients/open.ts');
      const { runSpaced } = await import('./run-spaced.ts');
      const client = await openClient(other.variant, other);
      try {
        return await runSpaced(client, other);
      } finally {
        await client.close();
      }
    }
  }
}
