import autocannon from 'autocannon';
import { encodeForm } from '../form.ts';
import type { LoadOrder } from './load.ts';
import type { SendBatch } from './measure-load.ts';

/** How often autocannon looks whether it is to end. Milliseconds; its default is a second. */
const LOOK_MS = 20;

/** autocannon posts the same form again and again. */
export async function fireAtGateway(
  { origin, atOnce, maxMs }: Pick<LoadOrder, 'origin' | 'atOnce' | 'maxMs'>,
  image: Buffer<ArrayBuffer>,
): Promise<SendBatch> {
  const form = await encodeForm(image);
  return (each, onAnswer, signal) =>
    new Promise((resolve, reject) => {
      const options = {
        url: `${origin}/api/v1/admin/img2img`,
        method: 'POST' as const,
        headers: { 'content-type': form.contentType },
        body: form.body,
        connections: atOnce,
        amount: each * atOnce,
        timeout: Math.ceil(maxMs / 1_000),
        sampleInt: LOOK_MS,
        // Its own latencies are those of another request after a connection has ended without an answer: it reconnects and says nothing.
        setupClient: (client: autocannon.Client) => {
          let since = performance.now();
          (client as NodeJS.EventEmitter).on('request', () => {
            since = performance.now();
          });
          client.on('response', (status: number) =>
            onAnswer(status >= 200 && status < 300 ? performance.now() - since : undefined),
          );
        },
      };
      const run = autocannon(options, (error) => (error === null ? resolve() : reject(error)));
      const stop = (): void => run.stop();
      if (signal.aborted) stop();
      else signal.addEventListener('abort', stop, { once: true });
    });
}
