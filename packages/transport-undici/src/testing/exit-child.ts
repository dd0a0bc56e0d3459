/**
 * Leaves unused connections open, and then nothing else to do: a process that does not end by itself is kept alive by them. The server
 * is another process. Started by the exit stories: what to do, the URL, and the authority's PEM in CA. What it was is written on the
 * way out, when nothing is left to do.
 *
 * `POOLED`, `PREWARMED`: one request, and then a connection that stands by, for `PREWARMED` a spare. `stuck`: the same with a spare
 * that is never ready. `prepare`: no request, and a connection on its way to the second of two addresses; at the first nobody listens.
 */
import { setTimeout } from 'node:timers/promises';
import { DEFAULT_ATTEMPT_LIMITS, POOLED, PREWARMED } from '@ferry/core';
import { createUndiciTransport, type UndiciTransport } from '../index.ts';

const [what, address] = process.argv.slice(2);
const url = new URL(address ?? '');
const transport = createUndiciTransport({
  policy: { ...(what === 'POOLED' ? POOLED : PREWARMED), maxIdleMs: 600_000, spareMaxIdleMs: 600_000 },
  tls: { ca: process.env.CA ?? '' },
  ...(what === 'prepare' && {
    lookup: (_name, _options, callback) =>
      callback(null, [
        { address: '127.0.0.2', family: 4 },
        { address: '127.0.0.1', family: 4 },
      ]),
  }),
});
process.on('exit', () => {
  const { live, spare, connecting } = transport.stats();
  process.stdout.write(JSON.stringify({ live, spare, connecting }));
});

if (what === 'prepare') transport.prepare?.(url);
else await once(transport, what === 'PREWARMED' ? 1 : 0);

/** One request, and then whatever of it is to stand by. */
async function once(subject: UndiciTransport, spares: number): Promise<void> {
  const response = await subject.send(
    { method: 'GET', url, headers: {} },
    { signal: new AbortController().signal, limits: DEFAULT_ATTEMPT_LIMITS },
  );
  for await (const _ of response.body);
  const end = performance.now() + 10_000;
  while (subject.stats().spare < spares && performance.now() < end) await setTimeout(5);
}
