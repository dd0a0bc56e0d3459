import { setTimeout as pause } from 'node:timers/promises';
import type { BenchClient } from './clients/client.ts';
import { expectedAnswer, type Measured, type SpacedJob } from './job.ts';
import { startMeter } from './meter.ts';
import { VARIANTS } from './variants.ts';

/** Single uploads, each timed from its call to its whole answer. The first is not counted: nothing can be ready for it. */
export async function runSpaced(client: BenchClient, job: SpacedJob): Promise<Measured> {
  const body = Buffer.alloc(job.bodyBytes, 0x61);
  const expected = expectedAnswer(job.bodyBytes, VARIANTS[job.variant].httpVersion);
  const latenciesMs: number[] = [];
  const read = startMeter();
  for (let i = 0; i <= job.uploads; i += 1) {
    const since = performance.now();
    const answer = await client.upload(body);
    if (answer !== expected) throw new Error(`${job.variant}: expected ${expected}, got ${answer}`);
    if (i > 0) latenciesMs.push(performance.now() - since);
    if (i < job.uploads) await pause(job.pauseMs);
  }
  return { uploads: job.uploads, bytes: job.uploads * job.bodyBytes, latenciesMs, ...read() };
}
