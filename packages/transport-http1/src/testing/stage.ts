import type { RequestListener } from 'node:http';
import type { Socket } from 'node:net';
import {
  type Attempt,
  type AttemptLimits,
  FRESH,
  fromText,
  type PoolEvent,
  type RequestBody,
  type ReusePolicy,
  type Transport,
  TransportError,
  type TransportRequest,
  type TransportResponse,
} from '@ferry/core';
import { type ConnectProxy, type ConnectProxyOptions, startConnectProxy } from '@ferry/core/testing';
import { expect } from 'vitest';
import { createHttp1Transport, type Http1Transport } from '../http1-transport.ts';
import type { Http1TransportOptions } from '../options.ts';
import type { TestCertificate } from './certificate.ts';
import { httpPeer, type Peer, rawPeer } from './peer.ts';

/** Long enough that no limit passes unless a test shortens it. */
const PATIENT: AttemptLimits = {
  connectMs: 20_000,
  headersMs: 20_000,
  idleMs: 20_000,
  totalMs: 25_000,
};

export type Sending = Partial<Omit<Attempt, 'limits'>> & {
  readonly limits?: Partial<AttemptLimits>;
  readonly method?: TransportRequest['method'];
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: RequestBody | string;
};

/** What one test sets up, and takes down with the proof that nothing is left. */
export class Stage {
  readonly events: PoolEvent[] = [];
  readonly #peers: Pick<Peer, 'empty' | 'close'>[] = [];
  readonly #transports: Transport[] = [];

  transport(policy: Partial<ReusePolicy> = {}, options: Partial<Http1TransportOptions> = {}): Http1Transport {
    const transport = createHttp1Transport({
      policy: { ...FRESH, ...policy },
      onPoolEvent: (event) => this.events.push(event),
      ...options,
    });
    this.#transports.push(transport);
    return transport;
  }

  async http(listener: RequestListener, certificate?: TestCertificate): Promise<Peer> {
    return this.#keep(await httpPeer(listener, certificate));
  }

  async raw(serve: (socket: Socket) => void, certificate?: TestCertificate): Promise<Peer> {
    return this.#keep(await rawPeer(serve, certificate));
  }

  async proxy(options?: ConnectProxyOptions): Promise<ConnectProxy> {
    return this.#keep(await startConnectProxy(options));
  }

  /** Closes the transports, waits until no peer has a connection left, and closes the peers. */
  async strike(): Promise<void> {
    for (const transport of this.#transports) {
      await transport.close();
      expect(transport.stats()).toEqual({
        live: 0,
        spare: 0,
        connecting: 0,
        retired: 0,
        streams: 0,
        waiting: 0,
      });
    }
    for (const peer of this.#peers) {
      await peer.empty();
      await peer.close();
    }
    const opened = this.events.filter(({ type }) => type === 'opened').length;
    const closed = this.events.filter(({ type }) => type === 'closed').length;
    expect(closed).toBe(opened);
  }

  #keep<P extends Pick<Peer, 'empty' | 'close'>>(peer: P): P {
    this.#peers.push(peer);
    return peer;
  }
}

export function send(
  transport: Transport,
  url: URL,
  { method, path, headers, body, limits, signal, ...attempt }: Sending = {},
): Promise<TransportResponse> {
  const request: TransportRequest = {
    method: method ?? (body === undefined ? 'GET' : 'POST'),
    url: path === undefined ? url : new URL(path, url),
    headers: headers ?? {},
    ...(body !== undefined && { body: typeof body === 'string' ? fromText(body) : body }),
  };
  return transport.send(request, {
    ...attempt,
    signal: signal ?? new AbortController().signal,
    limits: { ...PATIENT, ...limits },
  });
}

/** The whole body as text. */
export async function textOf(response: TransportResponse): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of response.body) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

/** The `TransportError` that this must end with. */
export async function failureOf(outcome: Promise<unknown>): Promise<TransportError> {
  try {
    await outcome;
  } catch (error) {
    if (TransportError.is(error)) return error;
    throw error;
  }
  throw new Error('it succeeded');
}

/** Waits, turn by turn of the event loop, until the condition holds; the test's own timeout bounds it. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}
