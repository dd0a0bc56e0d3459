import { type ClientHttp2Session, constants, type Settings } from 'node:http2';
import type { Socket } from 'node:net';
import {
  AcquireFailure,
  type Clock,
  type Connected,
  type Connection,
  type ConnectionLife,
  type Connector,
  DenseSet,
  type Exchange,
  type Instant,
  type OpenRequest,
  type RetireReason,
} from '@ferry/core';
import type { Client, Dispatcher } from 'undici';
import { Departures } from './departures.ts';
import { LastHeard } from './last-heard.ts';
import { NoSettings } from './no-settings.ts';
import { connectNow, guardStreams, oneSocketClient } from './one-socket-client.ts';
import type { StreamLimit } from './peer-limits.ts';
import { PeerWindow } from './peer-window.ts';
import { RecentPace } from './recent-pace.ts';
import type { Rider } from './rider.ts';
import { RoundTrips } from './round-trips.ts';
import { ping } from './session-probe.ts';

/** How long a connection that is ended politely may take to flush its last frames, in milliseconds. */
const LINGER_MS = 1_000;

/** At most what a PING's or SETTINGS' acknowledgement takes on the wire: 17 bytes in a TLS record of its own (RFC 9113 section 6.7). */
const ANSWER_BYTES = 64;

/** `connectMs` is for DNS, TCP, TLS and the peer's SETTINGS together. */
export interface UndiciConnectionOptions extends OpenRequest {
  readonly id: string;
  readonly connector: Connector;
  readonly clock: Clock;
  /** What the origin has told of its stream limit on other connections. */
  readonly limit: StreamLimit;
}

/**
 * One connection: one TLS socket, one HTTP/2 session, and the undici `Client` around them, which is given exactly one
 * socket and can therefore never reconnect. It is live once TLS has agreed on HTTP/2: RFC 9113 section 3.4 lets a client send
 * right behind its preface, which spares a new connection the round trip until the peer's SETTINGS. Those must still come
 * within `connectMs`.
 */
export class UndiciConnection implements Connection {
  readonly id: string;
  readonly closed: Promise<void>;
  /** Only HTTP/1.1 lets a peer say so. */
  readonly peerIdleMs: number = Number.POSITIVE_INFINITY;
  /** Of the bodies that it carries. */
  readonly pace: RecentPace = new RecentPace();
  askedForCalm = false;
  /** The peer's GOAWAY, the latest when there were several. */
  goaway: { readonly code: number; readonly lastStreamId: number } | undefined;
  /** What ended the socket, when something failed. */
  failure: Error | undefined;

  readonly #life: ConnectionLife;
  readonly #limit: StreamLimit;
  readonly #onCapacity: () => void;
  readonly #clock: Clock;
  readonly #heard: LastHeard;
  /** The way to the network until TLS is there, which through a proxy is another socket; then that of TLS. */
  #socket: Socket;
  readonly #client: Client;
  readonly #riders = new DenseSet<Rider>();
  readonly #departures = new Departures((rider) => this.#riders.has(rider));
  #answersToPeer = 0;
  #sharing = 0;
  #session: ClientHttp2Session | undefined;
  #peerSettings: Settings | undefined;
  #window: PeerWindow | undefined;
  readonly #roundTrips = new RoundTrips();
  /** Ends the wait for TLS and for SETTINGS. */
  #cancelLimit: () => void = () => undefined;
  /** The exchange whose stream undici is about to open; set and taken within one synchronous dispatch. */
  #boarding: Rider | undefined;
  #cancelLinger: (() => void) | undefined;

  constructor(options: UndiciConnectionOptions) {
    const { origin, clock, connectMs } = options;
    this.id = options.id;
    this.#life = options.life;
    this.#limit = options.limit;
    this.#onCapacity = options.onCapacity;
    this.#clock = clock;
    this.#heard = new LastHeard(clock, () => this.#socket.bytesRead);

    const { socket, ready } = options.connector.connect(origin);
    this.#socket = socket;
    this.#keepFailureOf(socket);
    this.#client = oneSocketClient(origin, () => this.#socket);
    const opened = this.#open(ready, connectMs);
    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        void this.#onSocketClosed(opened).then(resolve);
      });
    });
  }

  get heardAt(): Instant {
    return this.#heard.at;
  }

  get rttMs(): number {
    return this.#roundTrips.ms;
  }

  /** To the peer, in milliseconds; undefined while only the next hop was heard. */
  get roundTripMs(): number | undefined {
    return this.#roundTrips.toPeerMs;
  }

  get peerMaxStreams(): number | undefined {
    // Without the setting there is no limit (RFC 9113 section 6.5.2).
    return this.#peerSettings && (this.#peerSettings.maxConcurrentStreams ?? Number.POSITIVE_INFINITY);
  }

  /** Whether the peer's SETTINGS have come. */
  get settled(): boolean {
    return this.#peerSettings !== undefined;
  }

  get assumedMaxStreams(): number {
    return this.#limit.assumed;
  }

  /** What the peer's flow control allows, once its SETTINGS and a round trip are known. */
  get flowControl(): Exchange['flowControl'] {
    const streamBytes = this.#peerSettings?.initialWindowSize;
    const roundTripMs = this.#roundTrips.toPeerMs;
    if (streamBytes === undefined || roundTripMs === undefined) return undefined;
    return { windowBytes: this.#window?.smallest(streamBytes) ?? streamBytes, roundTripMs };
  }

  /** Bytes handed to the kernel, TLS and framing included: unchanged means that nothing of a request has left. */
  get bytesWritten(): number {
    return this.#socket.bytesWritten;
  }

  /** Nothing can leave any more. */
  get dead(): boolean {
    return this.#socket.destroyed;
  }

  /**
   * Bytes handed to the kernel, less what answering the peer's PINGs and SETTINGS can have taken: it grows only when a request
   * moves, whatever else the peer says meanwhile.
   */
  get requestBytesWritten(): number {
    return this.#socket.bytesWritten - this.#answersToPeer * ANSWER_BYTES;
  }

  /** Changes with every request that comes or goes, and with every PING of ours: whoever notes it knows whether he was alone since. */
  get sharing(): number {
    return this.#sharing;
  }

  /** Exchanges on it now. */
  get riderCount(): number {
    return this.#riders.size;
  }

  /** Takes one more exchange, and has it depart: at once when it is alone, and else together with those that come in the same turn. */
  join(rider: Rider): void {
    const alone = this.#riders.size === 0;
    this.#riders.add(rider);
    this.#sharing += 1;
    this.#heard.watch();
    if (alone) rider.depart();
    else this.#departures.add(rider);
  }

  /** Sends the request of a rider that departs, who hears of its stream within this call or a microtask later. */
  dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): void {
    this.#client.dispatch(options, handler);
  }

  /** Called by a rider's handler when undici is about to open its stream. */
  board(rider: Rider): void {
    this.#boarding = rider;
  }

  leave(rider: Rider): void {
    this.#riders.delete(rider);
    this.#sharing += 1;
    if (this.#riders.size === 0) this.#heard.rest();
  }

  /** An answer has come, so many milliseconds after its request departed: the round trip is no longer. */
  answered(ms: number): void {
    this.#roundTrips.atMost(ms);
  }

  /** Something came from the peer. @returns this moment. */
  heard(): Instant {
    return this.#heard.now();
  }

  /**
   * Gives it up unless the peer's SETTINGS have come.
   * @param connectMs what they and everything before them had, in milliseconds.
   */
  settingsDue(connectMs: number): void {
    if (this.settled) return;
    this.failure = new NoSettings(connectMs);
    this.destroy('silent');
  }

  /** By a PING (RFC 9113 section 6.7). */
  async prove(): Promise<number> {
    if (this.#session === undefined) throw new Error('no session to ping');
    this.#sharing += 1;
    const roundTripMs = await ping(this.#session);
    this.heard();
    this.#roundTrips.note(roundTripMs, true);
    return roundTripMs;
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
    this.#destroy(reason);
  }

  #destroy(reason: RetireReason, notOpened?: AcquireFailure): void {
    for (const rider of this.#riders) rider.onConnectionEnd(reason);
    this.#ended(reason, notOpened);
    this.#session?.destroy();
    this.#socket.destroy();
  }

  /** Never rejects: its life tells how it went. */
  async #open(ready: Promise<Connected>, connectMs: number): Promise<void> {
    const onLate = () => {
      if (this.#session === undefined) {
        return this.#destroy(
          'socket',
          failure('timeout', `no connection within connectMs (${connectMs} ms)`, undefined),
        );
      }
      this.settingsDue(connectMs);
    };
    this.#cancelLimit = this.#clock.after(connectMs, onLate, { keepAlive: false });
    try {
      const { socket, rttMs, endToEnd } = await ready;
      this.#roundTrips.note(rttMs, endToEnd);
      if (socket !== this.#socket) this.#keepFailureOf(socket);
      this.#socket = socket;
      if (socket.destroyed) throw failure('connect', 'the connection was closed at once', this.failure);
      this.#attach(socket);
      this.heard();
      this.#life.goLive();
    } catch (error) {
      const unknown = failure('protocol', 'HTTP/2 could not be begun', error);
      this.#destroy('socket', error instanceof AcquireFailure ? error : unknown);
    }
  }

  async #onSocketClosed(opened: Promise<void>): Promise<void> {
    // Node tells of the error and of the close in one go: why it could not be opened comes a moment later.
    if (this.#life.state === 'connecting') await opened;
    this.#ended('socket');
  }

  #keepFailureOf(socket: Socket): void {
    socket.on('error', (error) => {
      this.failure ??= error;
    });
  }

  #attach(socket: Socket): void {
    const session = connectNow(this.#client, socket);
    const greetedAt = this.#clock.now();
    this.#session = session;
    this.#window = new PeerWindow(session, () => this.bytesWritten);
    // Before undici's own listener, which resends bodiless requests: whoever is refused must have failed by then.
    session.prependListener('goaway', (code, lastStreamId) => this.#onGoaway(code, lastStreamId));
    session.on('ping', () => {
      this.heard();
      this.#answersToPeer += 1;
    });
    // Acknowledged as soon as they are read (RFC 9113 section 6.5.3).
    session.once('localSettings', () => this.#roundTrips.note(this.#clock.now() - greetedAt, true));
    session.on('remoteSettings', (settings) => {
      this.heard();
      this.#answersToPeer += 1;
      this.#cancelLimit();
      this.#peerSettings = settings;
      this.#window?.onSettings();
      this.#limit.learn(this.peerMaxStreams ?? 0);
      this.#onCapacity();
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
  }

  #onGoaway(code: number, lastStreamId: number): void {
    this.goaway = { code, lastStreamId };
    this.askedForCalm ||= code === constants.NGHTTP2_ENHANCE_YOUR_CALM;
    this.#life.retire('goaway');
    for (const rider of this.#riders) rider.onGoaway(code, lastStreamId);
  }

  #ended(reason: RetireReason, notOpened?: AcquireFailure): void {
    this.#cancelLimit();
    this.#departures.stop();
    this.#heard.stop();
    this.#cancelLinger?.();
    this.#cancelLinger = undefined;
    // The socket's 'close' comes before the session has told undici; give its errors, which say more, the first word.
    const riders = [...this.#riders];
    if (riders.length > 0) {
      setImmediate(() => {
        for (const rider of riders) rider.onConnectionEnd(reason);
      });
    }
    this.#life.close(reason, notOpened);
    if (!this.#client.destroyed) this.#client.destroy().catch(() => undefined);
  }
}

function failure(kind: 'timeout' | 'protocol' | 'connect', message: string, cause: unknown): AcquireFailure {
  return new AcquireFailure(message, { kind, phase: 'connect', cause });
}
