import { Changes } from './peer.ts';
import { h1Side, type RawH1Peer } from './raw-h1-peer.ts';
import { h2Side, type RawH2Peer } from './raw-h2-peer.ts';
import { type Listener, type ListenOptions, listenTls } from './tls-listener.ts';

/** Two peers behind one port. Connections and sockets are counted for both together, and `until` hears of either. */
export interface RawPeers extends Listener {
  readonly h2: RawH2Peer;
  readonly h1: RawH1Peer;
}

/** A peer of HTTP/2 and one of HTTP/1.1 on the same port: the client's ALPN decides which of them serves a connection. */
export async function rawPeers(options: Pick<ListenOptions, 'certificate' | 'host'>): Promise<RawPeers> {
  const changes = new Changes();
  const { onSecure: onH2, ...h2 } = h2Side(changes);
  const { onSecure: onH1, ...h1 } = h1Side(changes);
  const announce = (): void => changes.announce();
  const listener = await listenTls({
    ...options,
    alpn: ['h2', 'http/1.1'],
    onSecure: (socket, tcp) => (socket.alpnProtocol === 'h2' ? onH2 : onH1)(socket, tcp),
    onTcp: announce,
    onClose: announce,
  });
  return { ...listener, h2: { ...listener, ...h2 }, h1: { ...listener, ...h1 } };
}
