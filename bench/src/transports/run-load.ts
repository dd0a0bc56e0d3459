import { Session } from 'node:inspector/promises';
import type { BenchClient } from './clients/client.ts';
import { expectedAnswer, type LoadJob, type Measured } from './job.ts';
import { startMeter } from './meter.ts';
import { VARIANTS } from './variants.ts';

const SAMPLE_MICROSECONDS = 200;

/** Uploads as fast as it can, first unmeasured, so that code is compiled and connections are open. */
export async function runLoad(client: BenchClient, job: LoadJob): Promise<Measured> {
  const body = Buffer.alloc(job.bodyBytes, 0x61);
  const expected = expectedAnswer(job.bodyBytes, VARIANTS[job.variant].httpVersion);
  const repeat = async (forMs: number): Promise<number[]> => {
    const end = performance.now() + forMs;
    const latenciesMs: number[] = [];
    const one = async () => {
      do {
        const since = performance.now();
        const answer = await client.upload(body);
        if (answer !== expected) throw new Error(`${job.variant}: expected ${expected}, got ${answer}`);
        latenciesMs.push(performance.now() - since);
      } while (performance.now() < end);
    };
    await Promise.all(Array.from({ length: job.atOnce }, one));
    return latenciesMs;
  };

  await repeat(job.warmUpMs);
  const stopProfile = job.profile ? await startProfile() : undefined;
  const read = startMeter();
  const latenciesMs = await repeat(job.measureMs);
  const costs = read();
  const profile = await stopProfile?.();
  const uploads = latenciesMs.length;
  return {
    uploads,
    bytes: uploads * job.bodyBytes,
    latenciesMs,
    ...costs,
    ...(profile === undefined ? {} : { profile }),
  };
}

async function startProfile(): Promise<() => Promise<string>> {
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.setSamplingInterval', { interval: SAMPLE_MICROSECONDS });
  await session.post('Profiler.start');
  return async () => {
    const { profile } = await session.post('Profiler.stop');
    session.disconnect();
    return JSON.stringify(profile);
  };
}
