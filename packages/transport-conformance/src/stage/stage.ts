import { getEventListeners } from 'node:events';
import {
  type Attempt,
  type AttemptLimits,
  type Clock,
  type FallbackMemory,
  fromBytes,
  type Protocol,
  type RequestBody,
  type ReusePolicy,
  type TransportRequest,
  type TransportResponse,
} from '@ferry/core';
import { type ConnectProxy, startConnectProxy } from '@ferry/core/testing';
import {
  type LoopbackCertificate,
  type Peer,
  type PeerRequest,
  type RawH1Peer,
  type RawH2Peer,
  type TcpProxy,
  type TcpProxyOptions,
  tcpProxy,
} from '@ferry/upstream-sim/peers';
import type { ProfileName } from '../expectation.ts';
import type { ConformancePoolEvent, MakeTransport, Road } from '../subject.ts';
import { eventually } from './eventually.ts';
import { outcomeOf, type SendOutcome } from './outcome.ts';
import { peersFor } from './peers.ts';
import { POLICIES } from './profiles.ts';
import { TrackedClock } from './tracked-clock.ts';

/** What one send says. What is absent is a POST of `UPLOAD_BYTES` bytes within `PATIENT` limits. */
export interface Upload {
  readonly url?: URL;
  readonly method?: TransportRequest['method'];
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: RequestBody;
  readonly limits?: Partial<AttemptLimits>;
  readonly signal?: AbortSignal;
  readonly avoid?: ReadonlySet<string>;
  readonly onBytesSent?: NonNullable<Attempt['onBytesSent']>;
}

/** Long enough that none passes by accident, short enough that a lost request is told from a hang. Milliseconds. */
export const PATIENT: AttemptLimits = {
  connectMs: 6_000,
  headersMs: 6_000,
  idleMs: 6_000,
  totalMs: 9_000,
};

/** A send that has not settled by then, in milliseconds, hangs. */
const HUNG_AFTER_MS = 15_000;

/** More than one DATA frame, less than any window. */
export const UPLOAD_BYTES = 50_000;

/** More than the kernel's buffers of a connection hold: such an upload is certainly still running when the peer acts. */
export const HUGE_BYTES = 20_000_000;

export interface StageOptions {
  readonly make: MakeTransport;
  readonly protocol: Protocol;
  /** The peer speaks HTTP/1.1 too, default false. */
  readonly fallsBack?: boolean | undefined;
  readonly profile: ProfileName;
  readonly certificate: LoopbackCertificate;
  /** Parts of the profile to replace. */
  readonly policy?: Partial<ReusePolicy>;
  /** Default `direct`. */
  readonly road?: Road | undefined;
  /** Something stands before the peer that delays, slices or drops. */
  readonly proxy?: Omit<TcpProxyOptions, 'to'>;
  /** Default a `TrackedClock`. */
  readonly clock?: Clock & { readonly pending: number };
  /** Trust this authority instead of the peer's. PEM. */
  readonly ca?: string;
}

/** A transport, the peer it talks to, and everything that is looked at when the play is over. */
export class Stage implements AsyncDisposable {
  readonly protocol: Protocol;
  readonly profile: ProfileName;
  readonly policy: ReusePolicy;
  readonly certificate: LoopbackCertificate;
  readonly transport: ReturnType<MakeTransport>;
  readonly clock: Clock & { readonly pending: number };
  readonly events: ConformancePoolEvent[] = [];
  /** What is not as it should be, as sentences. */
  readonly findings: string[] = [];
  /** The HTTP proxy on the way, when the road leads through one. */
  readonly connectProxy: ConnectProxy | undefined;
  /** The peer, whatever its protocol; of two that share a port, the one that speaks `protocol`. */
  readonly peer: Peer;
  readonly #h2: RawH2Peer | undefined;
  readonly #h1: RawH1Peer | undefined;
  readonly #proxy: TcpProxy | undefined;
  #mark = 0;
  #standing: readonly string[] = [];
  readonly #signals: AbortSignal[] = [];
  readonly #closers: (() => Promise<unknown>)[] = [];

  static async open(options: StageOptions): Promise<Stage> {
    const { h2, h1 } = await peersFor(options);
    const to = (h2 ?? h1)?.url;
    const proxy =
      options.proxy === undefined || to === undefined ? undefined : await tcpProxy({ to, ...options.proxy });
    const connect = options.road === 'proxy' ? await startConnectProxy() : undefined;
    return new Stage(options, h2, h1, proxy, connect);
  }

  private constructor(
    options: StageOptions,
    h2: RawH2Peer | undefined,
    h1: RawH1Peer | undefined,
    proxy: TcpProxy | undefined,
    connect: ConnectProxy | undefined,
  ) {
    const peer = h2 ?? h1;
    if (peer === undefined) throw new Error('a stage needs a peer');
    this.peer = peer;
    this.#h2 = h2;
    this.#h1 = h1;
    this.#proxy = proxy;
    this.connectProxy = connect;
    this.protocol = options.protocol;
    this.profile = options.profile;
    this.policy = { ...POLICIES[options.profile], ...options.policy };
    this.certificate = options.certificate;
    this.clock = options.clock ?? new TrackedClock();
    this.transport = options.make({
      policy: this.policy,
      ca: options.ca ?? options.certificate.caPem,
      clock: this.clock,
      onPoolEvent: (event) => this.events.push(event),
      ...(connect === undefined
        ? {}
        : { proxy: { httpsProxy: connect.address(), loopback: 'proxied' as const } }),
    });
    this.#closers.push(() => peer.close());
    if (proxy !== undefined) this.#closers.push(() => proxy.close());
    if (connect !== undefined) this.#closers.push(() => connect.close());
  }

  get h2(): RawH2Peer {
    if (this.#h2 === undefined) throw new Error('this stage has no HTTP/2 peer');
    return this.#h2;
  }

  /** What the transport knows about origins and HTTP/2. */
  get fallback(): FallbackMemory {
    if (!('memory' in this.transport)) throw new Error('this transport does not fall back');
    return this.transport.memory;
  }

  get h1(): RawH1Peer {
    if (this.#h1 === undefined) throw new Error('this stage has no HTTP/1.1 peer');
    return this.#h1;
  }

  get proxy(): TcpProxy {
    if (this.#proxy === undefined) throw new Error('this stage has no proxy');
    return this.#proxy;
  }

  /** As `HUGE_BYTES`, for the connections that are on the way: a proxy has two of them. */
  get hugeBytes(): number {
    return this.connectProxy === undefined ? HUGE_BYTES : 2 * HUGE_BYTES;
  }

  /** Where uploads go. */
  get url(): URL {
    return this.#proxy?.url ?? this.peer.url;
  }

  /** All of them: two where the transport may fall back. */
  get peers(): readonly Peer[] {
    return [this.#h2, this.#h1].flatMap((peer): Peer[] => (peer === undefined ? [] : [peer]));
  }

  /** Requests that have come, over whichever protocol. */
  arrived(): number {
    return this.peers.reduce((sum, { requests }) => sum + requests.length, 0);
  }

  /** From here on `struck` is the next request that arrives, and `standing` are the connections that are there now. */
  mark(): void {
    this.#mark = this.peer.requests.length;
    const has = (type: ConformancePoolEvent['type'], id: string) =>
      this.events.some((event) => event.type === type && event.connectionId === id);
    const ids = this.events.flatMap(({ type, connectionId }) => (type === 'opened' ? [connectionId] : []));
    this.#standing = ids.filter((id) => !has('retired', id));
  }

  /** Ids of the connections that could take a request at the mark. */
  get standing(): readonly string[] {
    return this.#standing;
  }

  /** The first request since the mark: the one that meets the fault. */
  get struck(): PeerRequest | undefined {
    return this.peer.requests[this.#mark];
  }

  /** Something else that lives as long as the stage. */
  keep<T extends { close(): Promise<unknown> }>(thing: T): T {
    this.#closers.push(() => thing.close());
    return thing;
  }

  /** A finding unless the condition holds. */
  check(condition: boolean, sentence: string): void {
    if (!condition) this.findings.push(sentence);
  }

  /** Starts one send; the answer is the caller's to read. */
  start(upload: Upload = {}): Promise<TransportResponse> {
    const { method = 'POST', headers = {}, limits, avoid, onBytesSent } = upload;
    const signal = upload.signal ?? new AbortController().signal;
    const body = upload.body ?? (method === 'POST' ? fromBytes(Buffer.alloc(UPLOAD_BYTES, 1)) : undefined);
    this.#signals.push(signal);
    return this.transport.send(
      { method, url: upload.url ?? this.url, headers, ...(body === undefined ? {} : { body }) },
      {
        signal,
        limits: { ...PATIENT, ...limits },
        ...(avoid === undefined ? {} : { avoidConnections: avoid }),
        ...(onBytesSent === undefined ? {} : { onBytesSent }),
      },
    );
  }

  /** One send to its end. */
  send(upload: Upload = {}): Promise<SendOutcome> {
    return outcomeOf(this.start(upload), HUNG_AFTER_MS);
  }

  /**
   * Brings the profile into the state in which it meets a fault: POOLED has used its connection, PREWARMED has a spare,
   * FRESH has nothing.
   */
  async warmUp(upload: Upload = {}): Promise<void> {
    if (this.profile === 'FRESH') return;
    const first = await this.send(upload);
    this.check(first.type === 'answered', 'the upload before the fault did not arrive');
    if (this.profile === 'PREWARMED') {
      const spare = await eventually(
        () => this.transport.stats().spare > 0 && this.transport.stats().connecting === 0,
      );
      this.check(spare, 'no spare was opened after the first upload');
    }
  }

  /** Closes everything and finds what is left: sockets, timers, listeners, connections without an end. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.transport.close();
    const { live, spare, connecting, retired, streams, waiting } = this.transport.stats();
    const counts = live + spare + connecting + retired + streams + waiting;
    this.check(counts === 0, 'stats() still counts something after close()');
    this.check(this.clock.pending === 0, `${this.clock.pending} timers are left after close()`);
    const listening = this.#signals.filter((signal) => getEventListeners(signal, 'abort').length > 0);
    this.check(listening.length === 0, `${listening.length} abort listeners are left after close()`);
    const closed = await eventually(() => this.#openSockets() === 0);
    this.check(closed, `${this.#openSockets()} sockets are open after close()`);
    const count = (type: ConformancePoolEvent['type']) => this.events.filter((e) => e.type === type).length;
    this.check(count('opened') === count('closed'), 'a connection was opened and its end was not told');
    for (const close of this.#closers.reverse()) await close();
  }

  /** A paused socket never hears that the other side has gone: let the peer read on. */
  #openSockets(): number {
    for (const { socket } of [...(this.#h2?.connections ?? []), ...(this.#h1?.connections ?? [])]) {
      socket.resume();
    }
    this.#proxy?.listenForEnds();
    this.connectProxy?.listenForEnds();
    return Math.max((this.#proxy ?? this.peer).openSockets(), this.connectProxy?.openSockets() ?? 0);
  }
}
