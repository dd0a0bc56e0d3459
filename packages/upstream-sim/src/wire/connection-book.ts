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

/** The client's end of a connection. */
type ClientEnd = Pick<Socket, 'remoteAddress' | 'remotePort'>;

const endOf = ({ remoteAddress, remotePort }: ClientEnd): string => `${remoteAddress} ${remotePort}`;

/** The connections of a server. */
export class ConnectionBook {
  /** By the client's end: unique among open connections, and known where http2 hides the socket behind a proxy. */
  readonly #byEnd = new Map<string, Connection>();
  #opened = 0;

  /** Connections ever accepted. */
  get opened(): number {
    return this.#opened;
  }

  /** Connections open now. */
  get open(): number {
    return this.#byEnd.size;
  }

  /** For the server's `connection` event, which comes before TLS. */
  add(socket: Socket): void {
    // Gone before it was accepted.
    if (socket.remotePort === undefined) return;
    const end = endOf(socket);
    const connection = {
      id: `c${++this.#opened}`,
      socket,
      tls: undefined,
      uses: 0,
      highestStream: 0,
      running: 0,
      draining: false,
    };
    this.#byEnd.set(end, connection);
    socket.once('close', () => {
      if (this.#byEnd.get(end) === connection) this.#byEnd.delete(end);
    });
  }

  /** The connection of a request, or undefined when it has gone already. */
  find(end: ClientEnd): Connection | undefined {
    return this.#byEnd.get(endOf(end));
  }

  destroyAll(): void {
    for (const { socket } of this.#byEnd.values()) socket.destroy();
  }
}
