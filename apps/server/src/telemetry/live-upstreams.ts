/** What can be looked at while it runs: the pools, the fallback and the keys of each upstream. */
import type {
  ConnectionView,
  FallbackChange,
  FallbackView,
  PoolEvent,
  Protocol,
  TransportStats,
} from '@ferry/core';
import type { Telemetry } from './telemetry.ts';
import type { ConnectionUse, CredentialCondition } from './telemetry-event.ts';

/** A transport as far as it can be looked at: `UndiciTransport` and `Http1Transport` fit. */
interface VisibleTransport {
  connections(): readonly ConnectionView[];
  stats(): TransportStats;
}

/** The fallback as far as it can be looked at and reset: `FallbackMemory` fits. */
export interface VisibleFallback {
  list(): readonly FallbackView[];
  reset(origin?: string): void;
}

/** A key as it is now. */
export interface VisibleCredential {
  readonly alias: string;
  readonly state: CredentialCondition;
  /** Milliseconds until it is used again; 0 when it can be. */
  readonly restMs: number;
  /** Attempts under way with it. */
  readonly inFlight: number;
  /** How often it was handed out. */
  readonly taken: number;
}

/** Keys as far as they can be looked at: `CredentialPool` fits. */
export interface VisibleCredentials {
  list(): readonly VisibleCredential[];
}

/** What happened to a key: the events of `CredentialPool` fit. */
export type CredentialChange = { readonly alias: string } & (
  | { readonly type: 'limited' | 'refused'; readonly restMs: number }
  | { readonly type: 'probing' | 'restored' }
);

/** The connections of one transport. */
export interface LivePool {
  readonly provider: string;
  readonly use: ConnectionUse;
  readonly protocol: Protocol;
  readonly transport: VisibleTransport;
}

/**
 * What the transports tell that serve one way of using connections: with the fallback two, one a protocol. Dispose of it
 * when they are closed.
 */
export interface TransportWatch extends Disposable {
  /** For a transport's `onPoolEvent`. */
  onPoolEvent(protocol: Protocol): (event: PoolEvent) => void;
  /** Lets people look at it. */
  show(protocol: Protocol, transport: VisibleTransport): void;
}

/** What one upstream's parts tell of themselves, from when it is connected until its last connection is closed. */
export class UpstreamWatch implements Disposable {
  readonly provider: string;
  fallback: VisibleFallback | undefined;
  credentials: VisibleCredentials | undefined;
  readonly #pools = new Set<LivePool>();
  readonly #telemetry: Telemetry;
  readonly #forget: () => void;

  constructor(provider: string, telemetry: Telemetry, forget: () => void) {
    this.provider = provider;
    this.#telemetry = telemetry;
    this.#forget = forget;
  }

  /** While settings change there are two for each use: the new one and the one that drains. */
  transport(use: ConnectionUse): TransportWatch {
    const shown: LivePool[] = [];
    return {
      onPoolEvent: (protocol) => (event) => {
        const { provider } = this;
        this.#telemetry.publish({ type: 'connection', at: event.at, provider, use, protocol, event });
      },
      show: (protocol, transport) => {
        const pool = { provider: this.provider, use, protocol, transport };
        shown.push(pool);
        this.#pools.add(pool);
      },
      [Symbol.dispose]: () => {
        for (const pool of shown) this.#pools.delete(pool);
      },
    };
  }

  pools(): Iterable<LivePool> {
    return this.#pools;
  }

  /** For the fallback memory's `onChange`. */
  readonly onFallbackChange = ({ origin, road, reason, holdMs }: FallbackChange): void =>
    this.#telemetry.publish({
      type: 'fallback',
      provider: this.provider,
      origin,
      road,
      ...(reason !== undefined && { reason }),
      ...(holdMs !== undefined && { holdMs }),
    });

  /** For the `onEvent` of a pool of keys. */
  readonly onCredentialChange = (change: CredentialChange): void =>
    this.#telemetry.publish({
      type: 'credential',
      provider: this.provider,
      alias: change.alias,
      state: change.type === 'restored' ? 'ready' : change.type,
      restMs: 'restMs' in change ? change.restMs : 0,
    });

  /** Its parts are gone: nobody is to look at them any more. */
  [Symbol.dispose](): void {
    this.#forget();
  }
}

/** Every upstream there is, those that drain included. */
export class LiveUpstreams {
  readonly #telemetry: Telemetry;
  readonly #watches = new Set<UpstreamWatch>();

  constructor(telemetry: Telemetry) {
    this.#telemetry = telemetry;
  }

  /** For a new upstream's parts to tell of themselves. Dispose of it when they are closed. */
  watch(provider: string): UpstreamWatch {
    const watch: UpstreamWatch = new UpstreamWatch(provider, this.#telemetry, () => {
      if (!this.#watches.delete(watch)) return;
      this.#telemetry.publish({ type: 'upstream', provider, change: 'disconnected' });
    });
    this.#watches.add(watch);
    this.#telemetry.publish({ type: 'upstream', provider, change: 'connected' });
    return watch;
  }

  /** Names of the upstreams. */
  providers(): string[] {
    return [...new Set([...this.#watches].map(({ provider }) => provider))];
  }

  pools(): LivePool[] {
    return [...this.#watches].flatMap((watch) => [...watch.pools()]);
  }

  fallbacks(): (FallbackView & { readonly provider: string })[] {
    return [...this.#watches].flatMap(({ provider, fallback }) =>
      (fallback?.list() ?? []).map((view) => ({ provider, ...view })),
    );
  }

  credentials(): (VisibleCredential & { readonly provider: string })[] {
    return [...this.#watches].flatMap(({ provider, credentials }) =>
      (credentials?.list() ?? []).map((state) => ({ provider, ...state })),
    );
  }

  /** Lets an origin, or all of them, be spoken to over HTTP/2 again. */
  resetFallback(origin?: string): void {
    for (const { fallback } of this.#watches) fallback?.reset(origin);
  }
}
