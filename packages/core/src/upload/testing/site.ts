import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** A real web server on one of the loopback addresses; `await using` closes it with its connections. */
export class Site implements AsyncDisposable {
  /** Requests that arrived. */
  readonly requests: IncomingMessage[] = [];
  /** Connections that were ever made. */
  connections = 0;
  readonly #sockets = new Set<Socket>();
  readonly #server = createServer();

  /** Every 127.x.y.z is loopback on Linux: tests call one of them public. */
  static async start(host: string, listener: RequestListener): Promise<Site> {
    const site = new Site();
    site.#server.on('request', (request, response) => {
      site.requests.push(request);
      listener(request, response);
    });
    site.#server.on('connection', (socket) => {
      site.connections += 1;
      site.#sockets.add(socket);
      socket.on('error', () => undefined);
      socket.once('close', () => site.#sockets.delete(socket));
    });
    site.#server.listen(0, host);
    await once(site.#server, 'listening');
    return site;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  url(path: string): string {
    return `http://${(this.#server.address() as AddressInfo).address}:${this.port}${path}`;
  }

  /** Resolves when no connection is open: what a client left behind makes this wait for ever. */
  async untilQuiet(): Promise<void> {
    // `once()` of node:events would reject on the reset that some clients rightly end with.
    await Promise.all(
      [...this.#sockets].map(
        (socket) => new Promise<void>((resolve) => socket.once('close', () => resolve())),
      ),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }
}
