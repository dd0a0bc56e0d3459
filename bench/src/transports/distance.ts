import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import { tcpProxy } from '@ferry/upstream-sim/peers';

/** 1 Gbit/s, as a server's uplink has it. */
export const UPLINK_BYTES_PER_SECOND = 125_000_000;

export interface Distance {
  readonly roundTripMs: number;
  /** Of all connections together, in each direction: an uplink. */
  readonly bytesPerSecond: number;
}

/** What of a connection may wait before the uplink, as in a router, beyond what is on its way. */
const ROUTER_QUEUE_BYTES = 256 * 1024;

/** Linux: `TCP_INIT_CWND` segments of what fits into an Ethernet frame (RFC 6928). */
const FIRST_WINDOW_BYTES = 10 * 1_460;

/**
 * Puts `to` a round trip away. The proxy delays bytes; the TCP handshake, which a kernel answers before any program sees
 * it, is made up for by a gate that lets the first byte pass one round trip late, as that handshake would have.
 */
export async function openDistance(to: URL, { roundTripMs, bytesPerSecond }: Distance): Promise<URL> {
  const delayMs = roundTripMs / 2;
  const road = {
    delayMs,
    bytesPerSecond,
    shared: true,
    queueBytes: (bytesPerSecond * delayMs) / 1_000 + ROUTER_QUEUE_BYTES,
    slowStart: { firstWindowBytes: FIRST_WINDOW_BYTES },
  };
  const proxy = await tcpProxy({ to, toUpstream: road, toClient: road });
  const gate = net.createServer((client) => {
    client.on('error', () => undefined);
    client.setNoDelay(true);
    const timer = setTimeout(() => {
      const far = net.connect(Number(proxy.url.port), '127.0.0.1');
      far.setNoDelay(true);
      far.on('error', () => client.destroy());
      client.on('close', () => far.destroy());
      client.pipe(far).pipe(client);
    }, roundTripMs);
    client.on('close', () => clearTimeout(timer));
  });
  gate.listen(0, '127.0.0.1');
  await once(gate, 'listening');
  const url = new URL(to);
  url.port = String((gate.address() as AddressInfo).port);
  return url;
}
