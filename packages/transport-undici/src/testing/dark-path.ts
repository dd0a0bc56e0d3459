import { once } from 'node:events';
import net, { type AddressInfo, type Socket } from 'node:net';

/** The path to a server, which may go dark: connections are accepted, and nothing that is sent on them arrives. */
export interface DarkPath {
  readonly url: URL;
  /** Whether connections that come now stay dark until they are let through. */
  dark: boolean;
  /** Connections that have come in its life. */
  accepted(): number;
  /** Lets a dark connection through after all, with all that was sent on it; `at` counts them from 0 as they came. */
  letThrough(at: number): void;
  openSockets(): number;
  close(): Promise<void>;
}

export async function darkPath(to: URL): Promise<DarkPath> {
  const sockets = new Set<Socket>();
  const held: (() => void)[] = [];
  let accepted = 0;
  const keep = (socket: Socket): void => {
    sockets.add(socket);
    socket.on('error', () => undefined).once('close', () => sockets.delete(socket));
  };
  const join = (client: Socket): void => {
    const upstream = net.connect({ host: to.hostname, port: Number(to.port), noDelay: true });
    keep(upstream);
    client.pipe(upstream).pipe(client);
    client.once('close', () => upstream.destroy());
    upstream.once('close', () => client.destroy());
  };
  const server = net.createServer({ noDelay: true }, (client) => {
    accepted += 1;
    keep(client);
    if (!path.dark) return join(client);
    const sent: Buffer[] = [];
    const hold = (bytes: Buffer) => sent.push(bytes);
    // It reads, since a socket that does not read never learns that the other side has closed.
    client.on('data', hold).on('end', () => client.destroy());
    held.push(() => {
      if (client.destroyed) return;
      client.pause().off('data', hold);
      client.unshift(Buffer.concat(sent));
      join(client);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const path: DarkPath = {
    url: new URL(`https://localhost:${(server.address() as AddressInfo).port}/`),
    dark: false,
    accepted: () => accepted,
    letThrough(at) {
      const release = held[at];
      if (release === undefined) throw new Error(`there is no dark connection ${at}`);
      release();
    },
    openSockets: () => sockets.size,
    async close() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
  return path;
}
