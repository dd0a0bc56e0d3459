import { setTimeout as pause } from 'node:timers/promises';
import { tcpProxy } from '@ferry/upstream-sim/peers';
import type { FireJob } from '../transports/job.ts';
import { openFireClient } from './fire-client.ts';
import { uploadWith } from './upload.ts';

/** So far apart clients begin, that their uploads do not wait for one another. Milliseconds. */
const STAGGER_MS = 150;

/**
 * As many clients as uploads, each on a road of its own: one upload arrives, the connections rest, the road forgets them, and the next
 * upload is the one that counts. A second one of the same client would not: whoever has lost an upload may have left its dead connection
 * with it, and arrives every other time.
 */
export async function uploadAfterDrops(job: FireJob): Promise<(number | undefined)[]> {
  return await Promise.all(
    Array.from({ length: job.uploads }, async (_, i) => {
      await pause(i * STAGGER_MS);
      return await uploadAfterDrop(job);
    }),
  );
}

/** @throws Error when the first upload does not arrive: there would be no connection to drop. */
async function uploadAfterDrop(job: FireJob): Promise<number | undefined> {
  const { variant, target } = job;
  const road = await tcpProxy({ to: new URL(target.url) });
  const url = new URL(new URL(target.url).pathname, road.url).href;
  const options = { target: { ...target, url }, trust: 'default', baseline: undefined } as const;
  const upload = uploadWith(await openFireClient(variant, options), job);
  if ((await upload()) === undefined)
    throw new Error(`${variant}: an upload was lost before anything was dropped`);
  await pause(job.restMs);
  road.blackhole();
  return await upload();
}
