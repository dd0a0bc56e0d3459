import {
  type Attempt,
  type ConnectionView,
  NO_EXCHANGE,
  systemClock,
  type Transport,
  TransportError,
  type TransportRequest,
  type TransportResponse,
  type TransportStats,
} from '@ferry/core';
import { SingleExchange } from './exchange/exchange.ts';
import type { Http1TransportOptions } from './options.ts';
import { Connector } from './pool/connector.ts';
import { OriginPool } from './pool/origin-pool.ts';
import { afterMs } from './time.ts';

/**
 * A transport that speaks HTTP/1.1 through got, on connections of its own pool.
 *
 * `proveAfterIdleMs` and `proveTimeoutMs` set TCP keep-alive probes, since HTTP/1.1 has no PING; `maxStreams` has no
 * meaning here.
 * @throws the OpenSSL error when `tls` holds something that cannot be read; an Error that names the option or variable which is
 * not a proxy's address.
 */
export function createHttp1Transport(options: Http1TransportOptions): Http1Transport {
  return new GotTransport(options);
}

export interface Http1Transport extends Transport {
  /** Every open connection at this moment, for people to look at. */
  connections(): readonly ConnectionView[];
}

class GotTransport implements Http1Transport {
  readonly name: string;
  readonly #options: Http1TransportOptions;
  readonly #connector: Connector;
  readonly #pools = new Map<string, OriginPool>();
  readonly #exchanges = new Set<SingleExchange>();
  #closing = false;
  #closed: Promise<void> | undefined;
  readonly #drained = Promise.withResolvers<void>();
  #cancelGrace: (() => void) | undefined;

  constructor(options: Http1TransportOptions) {
    this.name = options.name ?? 'http1';
    this.#options = options;
    this.#connector = new Connector(options);
  }

  async send(request: TransportRequest, attempt: Attempt): Promise<TransportResponse> {
    if (this.#closing) throw this.#refusal('closed', 'the transport was closed');
    const { protocol } = request.url;
    if (protocol !== 'https:' && protocol !== 'http:') {
      throw this.#refusal('protocol', 'only https: and http: URLs can be sent');
    }
    const exchange = new SingleExchange(
      {
        name: this.name,
        clock: this.#options.clock ?? systemClock,
        maxUses: this.#options.policy.maxUses,
        acquire: (want) => this.#pool(request.url).acquire(want),
      },
      request,
      attempt,
    );
    this.#exchanges.add(exchange);
    exchange.done.then(() => this.#forget(exchange));
    return exchange.run();
  }

  stats(): TransportStats {
    const total = { live: 0, spare: 0, connecting: 0, retired: 0, streams: 0, waiting: 0 };
    for (const pool of this.#pools.values()) {
      const stats = pool.stats();
      total.live += stats.live;
      total.spare += stats.spare;
      total.connecting += stats.connecting;
      total.retired += stats.retired;
      total.streams += stats.streams;
      total.waiting += stats.waiting;
    }
    return total;
  }

  connections(): readonly ConnectionView[] {
    return [...this.#pools.values()].flatMap((pool) => pool.views());
  }

  /** A later call may shorten the grace of an earlier one, never lengthen it. */
  close({ graceMs = 0 }: { readonly graceMs?: number } = {}): Promise<void> {
    this.#closing = true;
    for (const pool of this.#pools.values()) pool.drain();
    const clock = this.#options.clock ?? systemClock;
    if (graceMs <= 0 || this.#exchanges.size === 0) this.#drained.resolve();
    else {
      const cancelEarlier = this.#cancelGrace;
      const cancel = afterMs(clock, graceMs, () => this.#drained.resolve());
      this.#cancelGrace = () => {
        cancelEarlier?.();
        cancel();
      };
    }
    this.#closed ??= this.#finish();
    return this.#closed;
  }

  async #finish(): Promise<void> {
    await this.#drained.promise;
    this.#cancelGrace?.();
    for (const exchange of [...this.#exchanges]) exchange.close();
    await Promise.all([...this.#pools.values()].map((pool) => pool.destroy()));
    this.#pools.clear();
  }

  #forget(exchange: SingleExchange): void {
    this.#exchanges.delete(exchange);
    if (this.#closing && this.#exchanges.size === 0) this.#drained.resolve();
  }

  #pool(url: URL): OriginPool {
    const existing = this.#pools.get(url.origin);
    if (existing) return existing;
    const pool = new OriginPool(url, {
      policy: this.#options.policy,
      clock: this.#options.clock ?? systemClock,
      connector: this.#connector,
      onEvent: (event) => this.#options.onPoolEvent?.(event),
      onEmpty: (empty) => this.#pools.delete(empty.origin),
    });
    this.#pools.set(url.origin, pool);
    return pool;
  }

  #refusal(kind: 'closed' | 'protocol', reason: string): TransportError {
    return new TransportError(`${this.name}: ${reason}`, {
      kind,
      phase: 'acquire',
      delivery: 'not-sent',
      exchange: NO_EXCHANGE,
    });
  }
}
