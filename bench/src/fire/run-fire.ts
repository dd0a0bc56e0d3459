import type { FireJob, Measured } from '../transports/job.ts';
import { startMeter } from '../transports/meter.ts';
import { openFireClient } from './fire-client.ts';
import { uploadAfterDrops } from './silent-drops.ts';
import { uploadWith } from './upload.ts';

/** Uploads while things go wrong, and counts what arrives. Nothing is given up early: a caller is patient for `patienceMs`. */
export async function runFire(job: FireJob): Promise<Measured> {
  const read = startMeter();
  const seen = job.trouble.kind === 'silent-drop' ? await uploadAfterDrops(job) : await uploadUnderFire(job);
  const latenciesMs = seen.filter((each) => each !== undefined);
  return {
    uploads: latenciesMs.length,
    failures: seen.length - latenciesMs.length,
    bytes: latenciesMs.length * job.bodyBytes,
    latenciesMs,
    ...read(),
  };
}

async function uploadUnderFire(job: FireJob): Promise<(number | undefined)[]> {
  const { variant, target } = job;
  const client = await openFireClient(variant, { target, trust: 'default', baseline: undefined });
  const upload = uploadWith(client, job);
  for (let i = 0; i < job.warmUps; i += 1) await upload();
  const seen: (number | undefined)[] = [];
  let left = job.uploads;
  const one = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      seen.push(await upload());
    }
  };
  await Promise.all(Array.from({ length: job.atOnce }, one));
  return seen;
}
