/**
 * Leaves an unused connection behind, and then nothing else to do: a process that does not end by itself is kept alive by it. Started
 * by the exit story: the URL, and the authority's PEM in CA. With CA a spare is waited for; without, a connection is left on its way to
 * the second of two addresses, of which nobody listens at the first. What is left is written on the way out.
 */
import { setTimeout } from 'node:timers/promises';
import { PREWARMED } from '@ferry/core';
import { createHttp1Transport } from '../index.ts';

const url = new URL(process.argv[2] ?? '');
const ca = process.env.CA;
const transport = createHttp1Transport({
  policy: { ...PREWARMED, spareMaxIdleMs: 600_000 },
  ...(ca !== undefined && { tls: { ca } }),
  lookup: (_name, _options, callback) =>
    callback(null, [
      { address: '127.0.0.2', family: 4 },
      { address: '127.0.0.1', family: 4 },
    ]),
});
process.on('exit', () => {
  const { live, spare, connecting } = transport.stats();
  process.stdout.write(JSON.stringify({ live, spare, connecting }));
});
transport.prepare?.(url);
const end = performance.now() + 10_000;
while (ca !== undefined && transport.stats().spare === 0 && performance.now() < end) await setTimeout(5);
