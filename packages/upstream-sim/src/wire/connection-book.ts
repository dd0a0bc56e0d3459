import type { Socket } from 'node:net';

/** One TCP connection with its TLS session. */
export interface Connection {
  /** Such as `c3`; never used twice. */
  readonly id: string;
  /** The TCP socket under TLS. */
  readonly socket: Socket;
  /** Requests begun on it. */
  uses: number;
  /** The highest HTTP/2 stream that was begun on it; 0 for none. */
  highestStream: number;
}

/** The connections of a server, by number. */
export class ConnectionBook {
  /** By the client's port: unique among open connections, and known where http2 hides the socket behind a proxy. */
  readonly #byPort = new Map<number, Connection>();
  #opened = 0;

  /** Connections ever accepted. */
  get opened(): number {
    return this.#opened;
  }

  /** Connections open now. */
  get open(): number {
    return this.#byPort.size;
  }

  /** For the server's `connection` event, which comes before TLS. */
  add(socket: Socket): void {
    const port = socket.remotePort;
    // Gone before it was accepted.
    if (port === undefined) return;
    const connection = {
      id: `c${++this.#opened}`,
      socket,
      tls: undefined,
      uses: 0,
      highestStream: 0,
      running: 0,
      draining: false,
    };
    this.#byPort.set(port, connection);
    socket.once('close', () => {
      if (this.#byPort.get(port) === connection) this.#byPort.delete(port);
    });
  }

  /** The connection of a request, or undefined when it has gone already. */
  find(remotePort: number | undefined): Connection | undefined {
    return remotePort === undefined ? undefined : this.#byPort.get(remotePort);
  }

  destroyAll(): void {
    for (const { socket } of this.#byPort.values()) socket.destroy();
  }
}
