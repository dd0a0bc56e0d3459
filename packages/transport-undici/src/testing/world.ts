import {
  type AttemptLimits,
  type Clock,
  DEFAULT_ATTEMPT_LIMITS,
  fromBytes,
  type RequestBody,
  type ReusePolicy,
  systemClock,
  TransportError,
  type TransportRequest,
  type TransportResponse,
} from '@ferry/core';
import {
  type ConnectProxy,
  type ConnectProxyOptions,
  FakeClock,
  startConnectProxy,
} from '@ferry/core/testing';
import { afterEach, expect } from 'vitest';
import type { PoolEvent, UndiciTransport, UndiciTransportOptions } from '../index.ts';
import { createUndiciTransport } from '../index.ts';
import { certificate } from './certificate.ts';
import { type DarkPath, darkPath } from './dark-path.ts';
import { type ServedRequest, h2Server as startH2Server, type TestServer } from './h2-server.ts';
import { type RawConnection, type RawPeer, rawPeer } from './raw-peer.ts';

interface SendOptions {
  readonly method?: TransportRequest['method'];
  readonly path?: string;
  readonly headers?: Record<string, string>;
  readonly body?: RequestBody;
  readonly limits?: Partial<AttemptLimits>;
  readonly signal?: AbortSignal;
  readonly avoid?: ReadonlySet<string>;
  readonly onBytesSent?: (bytesSent: number) => void;
}

/** A transport under test, with what it told. */
interface Subject {
  readonly transport: UndiciTransport;
  readonly events: PoolEvent[];
  /** Sends to the world's server; a POST of 10 bytes unless told otherwise. */
  send(to: { readonly url: URL }, options?: SendOptions): Promise<TransportResponse>;
  /** Resolves with the events of one type, in order. */
  of<T extends PoolEvent['type']>(type: T): Extract<PoolEvent, { type: T }>[];
}

interface StuckUpload {
  readonly path: DarkPath;
  readonly clock: FakeClock;
  readonly subject: Subject;
  readonly sending: Promise<TransportResponse>;
}

interface Sockets {
  openSockets(): number;
  close(): Promise<void>;
}

/**
 * The servers and transports of one test. When the test is over the transports are closed, and then no server may have a
 * connection left: a leak fails the test that made it.
 */
export class World {
  readonly #transports: UndiciTransport[] = [];
  readonly #servers: Sockets[] = [];

  constructor() {
    afterEach(() => this.end());
  }

  async server(
    answer?: (request: ServedRequest) => void | Promise<void>,
    options?: Parameters<typeof startH2Server>[1],
  ): Promise<TestServer> {
    const server = await startH2Server(answer, options);
    this.#servers.push(server);
    return server;
  }

  async peer(
    script: (connection: RawConnection) => void,
    options?: Parameters<typeof rawPeer>[1],
  ): Promise<RawPeer> {
    const peer = await rawPeer(script, options);
    this.#servers.push(peer);
    return peer;
  }

  async proxy(options?: ConnectProxyOptions): Promise<ConnectProxy> {
    const proxy = await startConnectProxy(options);
    this.#servers.push(proxy);
    return proxy;
  }

  async path(to: { readonly url: URL }): Promise<DarkPath> {
    const path = await darkPath(to.url);
    this.#servers.push(path);
    return path;
  }

  /** An upload whose connection is stuck in its handshake, since nothing that it sends arrives, on a clock that only the test moves. */
  async stuck(policy: ReusePolicy, to: { readonly url: URL }): Promise<StuckUpload> {
    const path = await this.path(to);
    path.dark = true;
    const clock = new FakeClock();
    const subject = await this.transport(policy, { clock });
    const sending = subject.send(path);
    await expect.poll(() => path.accepted()).toBe(1);
    return { path, clock, subject, sending };
  }

  async transport(policy: ReusePolicy, options: Partial<UndiciTransportOptions> = {}): Promise<Subject> {
    const { cert } = await certificate();
    const events: PoolEvent[] = [];
    const transport = createUndiciTransport({
      policy,
      tls: { ca: cert },
      onPoolEvent: (event) => events.push(event),
      ...options,
    });
    this.#transports.push(transport);
    return {
      transport,
      events,
      send: (to, sending = {}) => send(transport, to.url, sending),
      of: <T extends PoolEvent['type']>(type: T) =>
        events.filter((event): event is Extract<PoolEvent, { type: T }> => event.type === type),
    };
  }

  async end(): Promise<void> {
    for (const transport of this.#transports.splice(0)) {
      await transport.close();
      expect(transport.stats()).toEqual({
        live: 0,
        spare: 0,
        connecting: 0,
        retired: 0,
        streams: 0,
        waiting: 0,
      });
      expect(transport.connections()).toEqual([]);
    }
    const servers = this.#servers.splice(0);
    try {
      await expect.poll(() => servers.map((server) => server.openSockets())).toEqual(servers.map(() => 0));
    } finally {
      await Promise.all(servers.map((server) => server.close()));
    }
  }
}

function send(transport: UndiciTransport, url: URL, options: SendOptions): Promise<TransportResponse> {
  const method = options.method ?? 'POST';
  const body = options.body ?? (method === 'POST' ? fromBytes(new Uint8Array(10)) : undefined);
  return transport.send(
    {
      method,
      url: new URL(options.path ?? '/upload', url),
      headers: options.headers ?? {},
      ...(body === undefined ? {} : { body }),
    },
    {
      signal: options.signal ?? new AbortController().signal,
      limits: { ...DEFAULT_ATTEMPT_LIMITS, ...options.limits },
      ...(options.avoid === undefined ? {} : { avoidConnections: options.avoid }),
      ...(options.onBytesSent === undefined ? {} : { onBytesSent: options.onBytesSent }),
    },
  );
}

/** The whole body as text. */
export async function text(response: TransportResponse): Promise<string> {
  const decoder = new TextDecoder();
  let whole = '';
  for await (const chunk of response.body) whole += decoder.decode(chunk, { stream: true });
  return whole + decoder.decode();
}

/** The TransportError a promise rejects with; anything else fails the test. */
export async function failureOf(promise: Promise<unknown>): Promise<TransportError> {
  const outcome = await promise.then(
    () => new Error('it succeeded'),
    (error: unknown) => error,
  );
  if (TransportError.is(outcome)) return outcome;
  throw new Error('expected a TransportError', { cause: outcome });
}

/** A clock whose wall time a test may move: what a suspended machine sees when it wakes. */
export function shiftingClock(): Clock & { shift(ms: number): void } {
  let offset = 0;
  return {
    now: () => systemClock.now(),
    wallNow: () => systemClock.wallNow() + offset,
    after: (delayMs, callback, options) => systemClock.after(delayMs, callback, options),
    shift: (ms) => {
      offset += ms;
    },
  };
}
