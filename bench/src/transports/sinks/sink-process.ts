/** The server process: swallows request bodies over HTTP/2 and HTTP/1.1 and answers how many bytes came. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createLoopbackCertificate } from '@ferry/upstream-sim/peers';
import { openDistance, UPLINK_BYTES_PER_SECOND } from '../distance.ts';
import type { Target } from '../job.ts';
import type { SinkOptions } from '../processes.ts';

const { server: kind = 'node', roundTripMs = 0, trouble }: SinkOptions = JSON.parse(process.argv[2] ?? '{}');

const certificate = await createLoopbackCertificate();
const server =
  kind === 'frames'
    ? (await import('./frame-server.ts')).frameServer(certificate)
    : (await import('./node-server.ts')).nodeServer(certificate, trouble);
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const near = new URL(`https://localhost:${(server.address() as AddressInfo).port}/upload`);
const bytesPerSecond = UPLINK_BYTES_PER_SECOND;
const url = roundTripMs > 0 ? await openDistance(near, { roundTripMs, bytesPerSecond }) : near;
// Whoever started this process ends it.
process.once('disconnect', () => process.exit(0));
process.send?.({ url: url.href, caPem: certificate.caPem } satisfies Target);
