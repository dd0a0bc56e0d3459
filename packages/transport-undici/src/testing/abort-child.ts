/**
 * Aborted uploads, each at another moment, in a process that must then end by itself: nothing else than a leak or a spin
 * keeps it alive. Started by the abort story with a watchdog.
 *
 * Arguments: `fresh` or `pooled`, the bytes of each upload, how many of them, the latest moment in milliseconds, how many at once, and
 * whether the peer `reads` or `stalls`.
 */
import { DEFAULT_ATTEMPT_LIMITS, FRESH, fromBytes, POOLED, TransportError } from '@ferry/core';
import { createUndiciTransport } from '../index.ts';
import { certificate } from './certificate.ts';
import { h2Server } from './h2-server.ts';

const [profile, size, count, latestMs, atOnce, peer] = process.argv.slice(2);
const { cert } = await certificate();
const server = await h2Server(({ stream }) => {
  // One that reads nothing stalls the upload on the window, with its pieces queued.
  if (peer === 'stalls') stream.pause();
  else stream.resume();
});
const transport = createUndiciTransport({
  policy: profile === 'pooled' ? POOLED : FRESH,
  tls: { ca: cert },
});
const bytes = new Uint8Array(Number(size));
const outcomes: string[] = [];
const rounds = Number(count) / Number(atOnce);

async function abortedAfter(ms: number): Promise<void> {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), ms);
  const outcome = await transport
    .send(
      { method: 'POST', url: server.url, headers: {}, body: fromBytes(bytes) },
      { signal: controller.signal, limits: DEFAULT_ATTEMPT_LIMITS },
    )
    .then(
      () => 'answered',
      (error: unknown) => (TransportError.is(error) ? error.kind : String(error)),
    );
  clearTimeout(timer);
  outcomes.push(outcome);
}

for (let round = 0; round < rounds; round += 1) {
  const ms = (round * Number(latestMs)) / rounds;
  // Beside each other, and at moments of their own.
  await Promise.all(Array.from({ length: Number(atOnce) }, (_, index) => abortedAfter(ms + index)));
}
await transport.close();
const deadline = performance.now() + 5_000;
while (server.openSockets() > 0 && performance.now() < deadline) {
  await new Promise((resolve) => setTimeout(resolve, 10));
}
process.stdout.write(JSON.stringify({ outcomes, openSockets: server.openSockets() }));
await server.close();
