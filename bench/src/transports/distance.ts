import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import { tcpProxy } from '@ferry/upstream-sim/peers';

/**
 * Puts `to` a round trip away. The proxy delays bytes; the TCP handshake, which a kernel answers before any program sees
 * it, is made up for by a gate that lets the first byte pass one round trip late, as that handshake would have.
 */
export async function openDistance(to: URL, roundTripMs: number): Promise<URL> {
  const road = { delayMs: roundTripMs / 2 };
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
