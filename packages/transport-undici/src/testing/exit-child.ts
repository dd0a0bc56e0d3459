/**
 * Leaves a pooled connection and spares open, and then nothing else to do: a process that does not end by itself is kept
 * alive by them. The server is another process. Started by the close story: profile, port, and the authority's PEM in CA.
 */
import { DEFAULT_ATTEMPT_LIMITS, POOLED, PREWARMED } from '@ferry/core';
import { createUndiciTransport } from '../index.ts';

const [profile, url] = process.argv.slice(2);
const transport = createUndiciTransport({
  policy: { ...(profile === 'PREWARMED' ? PREWARMED : POOLED), maxIdleMs: 600_000, spareMaxIdleMs: 600_000 },
  tls: { ca: process.env.CA ?? '' },
});
const response = await transport.send(
  { method: 'GET', url: new URL(url ?? ''), headers: {} },
  { signal: new AbortController().signal, limits: DEFAULT_ATTEMPT_LIMITS },
);
for await (const _ of response.body);
process.stdout.write(String(response.status));
