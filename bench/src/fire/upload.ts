import { setTimeout as pause } from 'node:timers/promises';
import type { BenchClient } from '../transports/clients/client.ts';
import { expectedAnswer, type FireJob } from '../transports/job.ts';
import { VARIANTS } from '../transports/variants.ts';

/** Uploads once, as a caller does who is patient for `patienceMs`. Resolves to milliseconds; to undefined when it did not arrive. */
export type Upload = () => Promise<number | undefined>;

export function uploadWith(client: BenchClient, { variant, bodyBytes, patienceMs }: FireJob): Upload {
  const body = Buffer.alloc(bodyBytes, 0x61);
  const expected = expectedAnswer(bodyBytes, VARIANTS[variant].httpVersion);
  return async () => {
    const since = performance.now();
    const arrived = await Promise.race([
      client.upload(body).then(
        (answer) => answer === expected,
        () => false,
      ),
      pause(patienceMs, false),
    ]);
    return arrived ? performance.now() - since : undefined;
  };
}
