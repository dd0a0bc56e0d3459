/**
 * Twenty aborted uploads of 20 MB, each at another moment, in a process that must then end by itself: nothing else than
 * a leak or a spin keeps it alive. Started by the abort story with a watchdog.
 */
import { DEFAULT_ATTEMPT_LIMITS, FRESH, fromBytes, POOLED, TransportError } from '@ferry/core';
import { createUndiciTransport } from '../index.ts';
import { certificate } from './certificate.ts';
import { h2Server } from './h2-server.ts';

const { cert } = await certificate();
const server = await h2Server(({ stream }) => {
  // Reads nothing: the upload stalls on the window with its slices queued.
  stream.pause();
});
const transport = createUndiciTransport({
  policy: process.argv[2] === 'pooled' ? POOLED : FRESH,
  tls: { ca: cert },
});
const bytes = new Uint8Array(20 * 1024 * 1024);
const outcomes: string[] = [];
for (let round = 0; round < 20; round += 1) {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), round * 2);
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
await transport.close();
const deadline = performance.now() + 5_000;
while (server.openSockets() > 0 && performance.now() < deadline) {
  await new Promise((resolve) => setTimeout(resolve, 10));
}
process.stdout.write(JSON.stringify({ outcomes, openSockets: server.openSockets() }));
await server.close();
