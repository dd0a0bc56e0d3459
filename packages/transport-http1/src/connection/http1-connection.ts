import type { Socket } from 'node:net';
import {
  AcquireFailure,
  type Clock,
  type Connection,
  type ConnectionLife,
  type ConnectionOrigin,
  type Connector,
  type Instant,
  instant,
  type Lease,
  type OpenRequest,
  type RetireReason,
  type Verdict,
} from '@ferry/core';
import { ConnectionAgent } from './connection-agent.ts';
import type { KeepAliveProbes } from './keep-alive-probes.ts';

/** Before every moment: nobody was heard then. */
const NEVER: Instant = { mono: Number.NEGATIVE_INFINITY, wall: Number.NEGATIVE_INFINITY };

/** One request's hold on a connection. */
export interface Hold {
  readonly connection: Http1Connection;
  readonly origin: ConnectionOrigin;
  /** What carries the request. */
  readonly socket: Socket;
  readonly agent: ConnectionAgent;
  /** Resolves when the connection has been given back or has closed. */
  readonly ended: Promise<void>;
  /** Whether a byte of this request may have left: bytes handed to the socket count, sent or not. */
  wroteAnything(): boolean;
}

export interface Http1ConnectionOptions extends OpenRequest {
  readonly id: string;
  readonly connector: Connector;
  readonly clock: Clock;
  readonly probes: KeepAliveProbes;
}

/**
 * One connection: it carries one request at a time, on an agent that has exactly its socket. There is no PING in HTTP/1.1; it is
 * proven by letting the event loop poll once more before each use.
 */
export class Http1Connection implements Connection {
  readonly id: string;
  readonly closed: Promise<void>;
  readonly rttMs: undefined;
  readonly peerMaxStreams: undefined;
  readonly assumedMaxStreams: number = 1;
  readonly askedForCalm: boolean = false;
  /** By the peer's hint, which the exchange learns; 0 never to use it again. */
  peerIdleMs: number = Number.POSITIVE_INFINITY;
  /** When it was opened or proven; since it was used, never. */
  heardAt: Instant = NEVER;
  /** What the socket failed with, if it did. */
  socketError: Error | undefined;
  uses = 0;

  readonly #life: ConnectionLife;
  readonly #clock: Clock;
  readonly #origin: URL;
  /** The way to the network until the connection is there, which through a proxy is another socket. */
  #socket: Socket;
  #cancelLimit: () => void;
  #agent: ConnectionAgent | undefined;
  #hold: { readonly end: (verdict: Verdict) => void; readonly onClosing: () => void } | undefined;

  constructor({ id, origin, connectMs, life, connector, clock, probes }: Http1ConnectionOptions) {
    this.id = id;
    this.#life = life;
    this.#clock = clock;
    this.#origin = origin;
    const { socket, ready } = connector.connect(origin);
    this.#socket = socket;
    const tooLate = () => this.#notOpened('timeout', `no connection within connectMs (${connectMs} ms)`);
    this.#cancelLimit = clock.after(connectMs, tooLate, { keepAlive: false });
    const opened = ready.then(
      (connected) => {
        probes.start(connected.socket);
        this.#opened(connected.socket);
      },
      (error: unknown) => this.#close('socket', AcquireFailure.from(error)),
    );
    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        void this.#onSocketClosed(opened).then(resolve);
      });
    });
  }

  /** Whether the socket shows no sign of its end, and no byte that nobody asked for. */
  get sound(): boolean {
    const { destroyed, writable, readableEnded, readableLength } = this.#socket;
    return !destroyed && writable && !readableEnded && readableLength === 0;
  }

  /** The event loop polls once more: an end or a reset that has already reached this machine is known then. */
  prove(): Promise<undefined> {
    return new Promise((resolve, reject) => {
      setImmediate(() => {
        if (this.#life.state !== 'live' || !this.sound) return reject(new Error('the connection has ended'));
        this.heardAt = instant(this.#clock);
        resolve(undefined);
      });
    });
  }

  /**
   * Begins the one exchange that it carries.
   * @param onClosing called when the connection is destroyed because its transport is closed.
   */
  begin(lease: Lease<Http1Connection>, onClosing: () => void): Hold {
    const socket = this.#socket;
    this.#agent ??= this.#makeAgent();
    const { promise: ended, resolve } = Promise.withResolvers<void>();
    const end = (verdict: Verdict) => {
      lease.release(verdict);
      resolve();
    };
    this.#hold = { end, onClosing };
    this.uses += 1;
    this.heardAt = NEVER;
    const bytesBefore = socket.bytesWritten;
    const wroteAnything = () => socket.bytesWritten > bytesBefore;
    return { connection: this, origin: lease.origin, socket, agent: this.#agent, ended, wroteAnything };
  }

  /** Takes no further request; closes now unless one is on it. */
  retire(reason: RetireReason): void {
    this.#life.retire(reason);
  }

  /** Nothing of HTTP/1.1 is left to say on a connection without a request. */
  end(reason: RetireReason): void {
    this.destroy(reason);
  }

  destroy(reason: RetireReason): void {
    const hold = this.#hold;
    this.#hold = undefined;
    if (reason === 'transport-closed') hold?.onClosing();
    this.#close(reason);
    this.#socket.destroy();
    hold?.end(reason);
  }

  #opened(socket: Socket): void {
    this.#cancelLimit();
    this.#socket = socket;
    socket.on('error', (error) => {
      this.socketError ??= error;
    });
    // While a request is on the wire the end may belong to its answer, and Node's parser decides.
    socket.on('end', () => this.retire('socket'));
    socket.once('close', () => this.#close('socket'));
    if (socket.destroyed) {
      this.#notOpened('connect', 'the connection was closed as soon as it was opened');
      return;
    }
    this.heardAt = instant(this.#clock);
    if (!this.#life.goLive()) socket.destroy();
  }

  async #onSocketClosed(opened: Promise<void>): Promise<void> {
    // Node tells of the error and of the close in one go: why it could not be opened comes a moment later.
    if (this.#life.state === 'connecting') await opened;
    this.#close('socket');
  }

  #notOpened(kind: 'timeout' | 'connect', message: string): void {
    this.#close('socket', new AcquireFailure(message, { kind, phase: 'connect' }));
    this.#socket.destroy();
  }

  #close(reason: RetireReason, failure?: AcquireFailure): void {
    this.#cancelLimit();
    this.#life.close(reason, failure);
    this.#endHold(reason);
  }

  #makeAgent(): ConnectionAgent {
    const protocol = this.#origin.protocol === 'https:' ? 'https:' : 'http:';
    return new ConnectionAgent(this.#socket, protocol, () => this.#giveBack());
  }

  /** Asked by the agent when the exchange has ended cleanly; false has it destroy the socket. */
  #giveBack(): boolean {
    this.#socket.unref();
    this.#endHold(this.sound ? 'keep' : 'socket');
    return this.#life.state === 'live';
  }

  #endHold(verdict: Verdict): void {
    const hold = this.#hold;
    this.#hold = undefined;
    hold?.end(verdict);
  }
}
