import { type ClientHttp2Session, type ClientHttp2Stream, constants } from 'node:http2';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Clock } from '@ferry/core';
import type { Client, Dispatcher } from 'undici';
import { AcquireFailure } from '../pool/acquire-failure.ts';
import {
  type Connection,
  type ConnectionState,
  type Instant,
  instant,
  type RetireReason,
} from '../pool/connection.ts';
import { ConnectionLife } from './connection-state.ts';
import type { Connector } from './connector.ts';
import { connectNow, guardStreams, oneSocketClient } from './one-socket-client.ts';
import type { Secured } from './opening.ts';
import { firstSettings, ping } from './session-probe.ts';

/** How long a connection that is ended politely may take to flush its last frames, in milliseconds. */
const LINGER_MS = 1_000;

/** One exchange, as its connection sees it. */
export interface Rider {
  /** The one stream of this exchange has been opened. */
  onStream(stream: ClientHttp2Stream): void;
  /** GOAWAY came (RFC 9113 section 6.8): streams above `lastStreamId` were provably not acted upon. */
  onGoaway(code: number, lastStreamId: number): void;
  /** The connection is gone, or is being destroyed by us for `reason`. */
  onConnectionEnd(reason: RetireReason): void;
}

export interface UndiciConnectionOptions {
  readonly id: string;
  readonly origin: URL;
  readonly connector: Connector;
  readonly clock: Clock;
  /** For DNS, TCP, TLS and the peer's SETTINGS together, in milliseconds. */
  readonly connectMs: number;
  /** Hears every change of state, once each. */
  readonly onChange: (connection: UndiciConnection, state: ConnectionState) => void;
}

/**
 * One connection: one TLS socket, one HTTP/2 session, and the undici `Client` around them, which is given exactly one
 * socket and can therefore never reconnect. It is live once the peer's SETTINGS are known, so that a peer that does not
 * really speak HTTP/2 costs no request, and its stream limit and window are known before the first one.
 */
export class UndiciConnection implements Connection {
  readonly id: string;
  readonly ready: Promise<void>;
  readonly closed: Promise<void>;
  heardAt: Instant;
  rttMs = 0;
  askedForCalm = false;
  onCapacity: (() => void) | undefined;
  /** The peer's GOAWAY, the latest when there were several. */
  goaway: { readonly code: number; readonly lastStreamId: number } | undefined;
  /** What ended the socket, when something failed. */
  failure: Error | undefined;

  readonly #life: ConnectionLife;
  readonly #clock: Clock;
  /** The way to the network until TLS is there, which through a proxy is another socket; then that of TLS. */
  #socket: Socket;
  readonly #client: Client;
  readonly #riders = new Set<Rider>();
  #session: ClientHttp2Session | undefined;
  /** The exchange whose stream undici is about to open; set and taken within one synchronous dispatch. */
  #boarding: Rider | undefined;
  #cancelLinger: (() => void) | undefined;

  constructor(options: UndiciConnectionOptions) {
    const { origin, clock, connectMs } = options;
    this.id = options.id;
    this.#clock = clock;
    this.heardAt = instant(clock);
    this.#life = new ConnectionLife((state) => options.onChange(this, state));

    const { socket, secured } = options.connector.connect(origin);
    this.#socket = socket;
    // Requests keep the process alive by their own limits; an unused connection must not.
    socket.unref();
    this.#keepFailureOf(socket);
    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        this.#ended('socket');
        resolve();
      });
    });
    this.#client = oneSocketClient(origin, () => this.#socket);
    this.ready = this.#open(secured, connectMs);
    // Whoever waits for it hears of it; a spare that fails is nobody's error.
    this.ready.catch(() => undefined);
  }

  get state(): ConnectionState {
    return this.#life.state;
  }

  get retireReason(): RetireReason | undefined {
    return this.#life.reason;
  }

  get peerMaxStreams(): number {
    return this.#session?.remoteSettings?.maxConcurrentStreams ?? 0;
  }

  /** Bytes handed to the kernel, TLS and framing included: unchanged means that nothing of a request has left. */
  get bytesWritten(): number {
    return this.#socket.bytesWritten;
  }

  /** Nothing can leave any more. */
  get dead(): boolean {
    return this.#socket.destroyed;
  }

  /** The connection's flow-control window in bytes as the peer has granted it: it moves whenever DATA or credit does. */
  get sendWindow(): number | undefined {
    return this.#session === undefined || this.#session.destroyed
      ? undefined
      : this.#session.state.remoteWindowSize;
  }

  /** Exchanges on it now. */
  get riderCount(): number {
    return this.#riders.size;
  }

  /** Sends one request. The rider hears of its stream within this call or a microtask later. */
  dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler, rider: Rider): void {
    this.#riders.add(rider);
    this.#client.dispatch(options, handler);
  }

  /** Called by a rider's handler when undici is about to open its stream. */
  board(rider: Rider): void {
    this.#boarding = rider;
  }

  leave(rider: Rider): void {
    this.#riders.delete(rider);
  }

  /** Something came from the peer. */
  heard(): void {
    this.heardAt = instant(this.#clock);
  }

  async ping(): Promise<number> {
    if (this.#session === undefined) throw new Error('no session to ping');
    const roundTripMs = await ping(this.#session);
    this.heard();
    this.rttMs = roundTripMs;
    return roundTripMs;
  }

  retire(reason: RetireReason): boolean {
    return this.#life.retire(reason);
  }

  end(reason: RetireReason): void {
    this.#life.retire(reason);
    if (this.#session === undefined || this.#session.destroyed) {
      this.destroy(reason);
      return;
    }
    // Flushes what is queued, sends GOAWAY, then closes the socket.
    this.#session.close();
    this.#cancelLinger ??= this.#clock.after(LINGER_MS, () => this.destroy(reason), { keepAlive: false });
  }

  destroy(reason: RetireReason): void {
    for (const rider of [...this.#riders]) rider.onConnectionEnd(reason);
    this.#ended(reason);
    this.#session?.destroy();
    this.#socket.destroy();
  }

  async #open(secured: Promise<Secured>, connectMs: number): Promise<void> {
    let late = false;
    const cancelLimit = this.#clock.after(
      connectMs,
      () => {
        late = true;
        this.destroy('socket');
      },
      { keepAlive: false },
    );
    try {
      const { socket, rttMs } = await secured;
      this.rttMs = rttMs;
      if (socket !== this.#socket) this.#keepFailureOf(socket);
      this.#socket = socket;
      await firstSettings(this.#attach(socket));
      if (this.goaway !== undefined)
        throw failure('goaway', 'the upstream went away at once (GOAWAY)', undefined);
      if (!this.#life.goLive()) throw new Error('the connection was given up');
      this.heard();
    } catch (error) {
      this.destroy('socket');
      if (late) throw failure('timeout', `no connection within ${connectMs} ms`, error);
      if (error instanceof AcquireFailure) throw error;
      throw failure('protocol', 'the peer did not begin HTTP/2 with SETTINGS', error);
    } finally {
      cancelLimit();
    }
  }

  #keepFailureOf(socket: Socket): void {
    socket.on('error', (error) => {
      this.failure ??= error;
    });
  }

  #attach(socket: TLSSocket): ClientHttp2Session {
    const session = connectNow(this.#client, socket);
    this.#session = session;
    // Before undici's own listener, which resends bodiless requests: whoever is refused must have failed by then.
    session.prependListener('goaway', (code, lastStreamId) => this.#onGoaway(code, lastStreamId));
    session.on('ping', () => this.heard());
    session.on('remoteSettings', () => {
      this.heard();
      this.onCapacity?.();
    });
    session.on('error', (error) => {
      this.failure ??= error;
    });
    // The one gate through which streams are opened: one for each exchange, and the exchange sees it first.
    guardStreams(session, () => {
      const rider = this.#boarding;
      this.#boarding = undefined;
      return rider;
    });
    return session;
  }

  #onGoaway(code: number, lastStreamId: number): void {
    this.goaway = { code, lastStreamId };
    this.askedForCalm ||= code === constants.NGHTTP2_ENHANCE_YOUR_CALM;
    this.#life.retire('goaway');
    for (const rider of [...this.#riders]) rider.onGoaway(code, lastStreamId);
  }

  #ended(reason: RetireReason): void {
    this.#cancelLinger?.();
    this.#cancelLinger = undefined;
    // The socket's 'close' comes before the session has told undici; give its errors, which say more, the first word.
    const riders = [...this.#riders];
    if (riders.length > 0) {
      setImmediate(() => {
        for (const rider of riders) rider.onConnectionEnd(reason);
      });
    }
    this.#life.close(reason);
    if (!this.#client.destroyed) this.#client.destroy().catch(() => undefined);
  }
}

function failure(kind: 'timeout' | 'protocol' | 'goaway', message: string, cause: unknown): AcquireFailure {
  return new AcquireFailure(message, { kind, phase: 'connect', cause });
}
