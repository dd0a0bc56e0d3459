import { Agent } from 'node:https';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/**
 * An agent that is exactly one connection: it serves the one socket it was made with and can open no other. Node's own
 * agent hides which socket a request gets, opens replacements by itself, and counts places by its own rules; here the
 * pool has chosen the socket before Node is asked. One `https.Agent` serves `http:` too, by its `protocol` option.
 *
 * Only documented extension points are used (`createConnection`, `keepSocketAlive`, `getName`), so Node's handling of a
 * free socket, such as refusing bytes that nobody asked for, stays in force.
 */
export class ConnectionAgent extends Agent {
  #unclaimed: Socket | undefined;
  readonly #mayKeep: () => boolean;

  /** @param mayKeep asked when an exchange has ended cleanly; false has the socket destroyed. */
  constructor(socket: Socket, protocol: 'http:' | 'https:', mayKeep: () => boolean) {
    super({ keepAlive: true, maxSockets: 1, maxFreeSockets: 1, protocol });
    this.#unclaimed = socket;
    this.#mayKeep = mayKeep;
  }

  override createConnection(
    _options: unknown,
    callback?: (error: Error | null, stream: Duplex) => void,
  ): Duplex | undefined {
    const socket = this.#unclaimed;
    this.#unclaimed = undefined;
    if (socket && !socket.destroyed) return socket;
    // A second socket would be a connection nobody planned. Node reports this error on the request, unsent.
    const gone = Object.assign(new Error('the connection closed before the request'), { code: 'ECONNRESET' });
    (callback as ((error: Error) => void) | undefined)?.(gone);
    return undefined;
  }

  /** Node's own version would also arm a socket timeout; idle time is the pool's to watch, with the injected clock. */
  override keepSocketAlive(_socket: Duplex): boolean {
    return this.#mayKeep();
  }

  /** All requests share the one socket, whatever TLS options the request library adds to each. */
  override getName(): string {
    return 'connection';
  }
}
