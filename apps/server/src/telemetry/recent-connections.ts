import type { ConnectionState, Protocol, RetireReason } from '@ferry/core';
import type { LivePool, LiveUpstreams } from './live-upstreams.ts';
import type { ConnectionEvent, ConnectionUse, TelemetryEvent } from './telemetry-event.ts';

/** A connection as its events tell of it. */
export interface KnownConnection {
  readonly id: string;
  readonly provider: string;
  readonly use: ConnectionUse;
  readonly protocol: Protocol;
  /** `https://host:port` */
  readonly origin: string;
  readonly openedAt: number;
  /** Opened before a request asked for it. */
  readonly ahead: boolean;
  readonly uses: number;
  readonly rttMs?: number;
  /** When a PING last proved it. */
  readonly provedAt?: number;
  readonly retireReason?: RetireReason;
  readonly closedAt?: number;
}

/** A connection at this moment: what it tells of itself beside what its events told. */
export interface LiveConnection extends Partial<KnownConnection> {
  readonly id: string;
  readonly provider: string;
  readonly use: ConnectionUse;
  readonly protocol: Protocol;
  readonly origin: string;
  readonly state: ConnectionState;
  readonly uses: number;
  /** Requests on it. */
  readonly streams: number;
  readonly ageMs: number;
  readonly peerMaxStreams?: number;
}

/** More than any configuration allows: only a bound, should a closing never be told. */
const MAX_OPEN = 4_096;

/** Folds an event into what is known of its connection. Pure. */
function foldConnection(
  known: KnownConnection | undefined,
  { at, provider, use, protocol, event }: ConnectionEvent,
): KnownConnection | undefined {
  if (event.type === 'opened') {
    return {
      id: event.connectionId,
      provider,
      use,
      protocol,
      origin: event.origin,
      openedAt: at,
      ahead: event.ahead,
      uses: 0,
      ...(event.rttMs !== undefined && { rttMs: event.rttMs }),
    };
  }
  if (known === undefined) return undefined;
  switch (event.type) {
    case 'reused':
      return { ...known, uses: event.uses };
    case 'proved':
      return { ...known, rttMs: event.rttMs, provedAt: at };
    case 'retired':
      return { ...known, retireReason: event.reason };
    case 'closed':
      return { ...known, uses: event.uses, closedAt: at };
    default:
      return event satisfies never;
  }
}

/** The connections that are open, and the last ones that were closed with why. Subscribe `hear` to the stream. */
export class RecentConnections {
  readonly #limit: number;
  readonly #open = new Map<string, KnownConnection>();
  readonly #closed: KnownConnection[] = [];

  /** @param limit how many closed ones are kept. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  readonly hear = (event: TelemetryEvent): void => {
    if (event.type !== 'connection') return;
    const id = event.event.connectionId;
    const next = foldConnection(this.#open.get(id), event);
    if (next === undefined) return;
    if (next.closedAt === undefined) {
      this.#open.set(id, next);
      const oldest = this.#open.size > MAX_OPEN ? this.#open.keys().next() : undefined;
      if (oldest?.done === false) this.#open.delete(oldest.value);
      return;
    }
    this.#open.delete(id);
    this.#closed.push(next);
    if (this.#closed.length > this.#limit) this.#closed.shift();
  };

  /** Those that were closed, newest first. */
  closed(): KnownConnection[] {
    return this.#closed.toReversed();
  }

  /** Every connection at this moment. */
  live(upstreams: LiveUpstreams): LiveConnection[] {
    return upstreams.pools().flatMap((pool) => this.#ofPool(pool));
  }

  #ofPool({ provider, use, protocol, transport }: LivePool): LiveConnection[] {
    return transport.connections().map((view) => ({
      ...this.#open.get(view.id),
      provider,
      use,
      protocol,
      ...view,
    }));
  }
}
