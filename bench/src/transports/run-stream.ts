import { fromFactory, MAX_SLICE_BYTES } from '@ferry/core';
import { ferryTransport, sendBody } from './clients/ferry.ts';
import { trust } from './clients/trust.ts';
import { expectedAnswer, type Measured, type StreamJob } from './job.ts';
import { startMeter } from './meter.ts';
import { VARIANTS } from './variants.ts';

/** One large upload from a generator that makes every slice anew, as a file that is read or a request that is relayed. */
export async function runStream(job: StreamJob): Promise<Measured> {
  const { variant, target, bodyBytes } = job;
  const transport = await ferryTransport(variant, trust(target, 'default'));
  if (transport === undefined) throw new Error(`${variant} is not a transport of ours`);
  const read = startMeter();
  const body = fromFactory(() => made(bodyBytes), bodyBytes);
  const answer = await sendBody(transport, new URL(target.url), body);
  const costs = read();
  await transport.close();
  const expected = expectedAnswer(bodyBytes, VARIANTS[variant].httpVersion);
  if (answer !== expected) throw new Error(`${variant}: expected ${expected}, got ${answer}`);
  return { uploads: 1, bytes: bodyBytes, latenciesMs: [], ...costs };
}

function* made(bytes: number): Generator<Uint8Array, void, undefined> {
  for (let left = bytes; left > 0; left -= MAX_SLICE_BYTES) {
    yield new Uint8Array(Math.min(left, MAX_SLICE_BYTES)).fill(0x61);
  }
}
