import autocannon from 'autocannon';
import { encodeForm } from '../form.ts';
import type { LoadOrder } from './load.ts';
import type { Tally } from './tally.ts';

/** How often autocannon looks whether it is to end. Milliseconds; its default is a second. */
const LOOK_MS = 20;

/** autocannon posts the same form again and again, until the tally has enough. */
export async function fireAtGateway(
  { origin, atOnce, maxMs }: LoadOrder,
  image: Buffer<ArrayBuffer>,
  tally: Tally,
): Promise<void> {
  const form = await encodeForm(image);
  await new Promise<void>((resolve, reject) => {
    const options = {
      url: `${origin}/api/v1/admin/img2img`,
      method: 'POST' as const,
      headers: { 'content-type': form.contentType },
      body: form.body,
      connections: atOnce,
      duration: Math.ceil(maxMs / 1_000),
      timeout: Math.ceil(maxMs / 1_000),
      sampleInt: LOOK_MS,
    };
    const run = autocannon(options, (error) => (error === null ? resolve() : reject(error)));
    let over = false;
    const add = (latencyMs: number | undefined): void => {
      if (over || !tally.add(latencyMs)) return;
      over = true;
      (run as unknown as { stop(): void }).stop();
    };
    run.on('response', (_client, status, _bytes, latencyMs) =>
      add(status >= 200 && status < 300 ? latencyMs : undefined),
    );
    run.on('reqError', () => add(undefined));
  });
}
