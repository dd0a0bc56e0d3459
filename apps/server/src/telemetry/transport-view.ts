/** Pools, fallback, keys and queues as the admin API shows them. Names and fields are the wire's. */
import type { TransportStats } from '@ferry/core';
import type { LiveQueues } from './live-queues.ts';
import type { LivePool, LiveUpstreams } from './live-upstreams.ts';
import type { KnownConnection, LiveConnection, RecentConnections } from './recent-connections.ts';
import type { TelemetryEvent } from './telemetry-event.ts';

const rounded = (ms: number): number => Math.round(ms);
const tenths = (ms: number): number => Math.round(ms * 10) / 10;

interface ConnectionRow {
  readonly id: string;
  readonly provider: string;
  readonly reuse_session: boolean;
  readonly protocol: string;
  readonly origin: string;
  /** `connecting`, `live`, `retired` or `closed`. */
  readonly state: string;
  readonly uses: number;
  readonly streams: number;
  readonly age_ms: number;
  /** Opened before a request asked for it; null while it connects. */
  readonly ahead: boolean | null;
  readonly rtt_ms: number | null;
  /** When a PING last proved it, milliseconds since the Unix epoch. */
  readonly proved_at: number | null;
  readonly peer_max_streams: number | null;
  readonly retire_reason: string | null;
  readonly closed_at: number | null;
}

export interface TransportView {
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
  readonly connections: readonly ConnectionRow[];
  /** The last ones that were closed, newest first. */
  readonly closed: readonly ConnectionRow[];
  readonly pools: readonly ({
    readonly provider: string;
    readonly reuse_session: boolean;
    readonly protocol: string;
  } & TransportStats)[];
  /** The origins that are not simply spoken to over HTTP/2. */
  readonly fallback: readonly {
    readonly provider: string;
    readonly origin: string;
    readonly road: string;
    readonly reason: string | null;
    readonly remaining_ms: number | null;
  }[];
  readonly credentials: readonly {
    readonly provider: string;
    readonly alias: string;
    readonly state: string;
    readonly rest_ms: number;
    /** Attempts under way with it. */
    readonly in_flight: number;
    readonly taken: number;
  }[];
  readonly queues: readonly {
    readonly queue: string;
    readonly running: number;
    readonly waiting: number;
    readonly limit: number;
  }[];
}

export interface TransportSources {
  readonly upstreams: LiveUpstreams;
  readonly connections: RecentConnections;
  readonly queues: LiveQueues;
}

export function transportView(
  { upstreams, connections, queues }: TransportSources,
  at: number,
): TransportView {
  return {
    at,
    connections: connections.live(upstreams).map(liveRow),
    closed: connections.closed().map(closedRow),
    pools: upstreams.pools().map(poolRow),
    fallback: upstreams.fallbacks().map(({ provider, origin, road, reason, remainingMs }) => ({
      provider,
      origin,
      road,
      reason: reason ?? null,
      remaining_ms: remainingMs === undefined ? null : rounded(remainingMs),
    })),
    credentials: upstreams.credentials().map(({ provider, alias, state, restMs, inFlight, taken }) => ({
      provider,
      alias,
      state,
      rest_ms: rounded(restMs),
      in_flight: inFlight,
      taken,
    })),
    queues: queues.list(),
  };
}

function poolRow({ provider, use, protocol, transport }: LivePool): TransportView['pools'][number] {
  return { provider, reuse_session: use === 'shared', protocol, ...transport.stats() };
}

function liveRow(connection: LiveConnection): ConnectionRow {
  const { rttMs } = connection;
  return {
    ...common(connection),
    state: connection.state,
    streams: connection.streams,
    age_ms: rounded(connection.ageMs),
    ahead: connection.ahead ?? null,
    rtt_ms: rttMs === undefined ? null : tenths(rttMs),
    proved_at: connection.provedAt ?? null,
    peer_max_streams: connection.peerMaxStreams ?? null,
    closed_at: null,
  };
}

function closedRow(connection: KnownConnection): ConnectionRow {
  const { rttMs, openedAt, closedAt } = connection;
  return {
    ...common(connection),
    state: 'closed',
    streams: 0,
    age_ms: rounded((closedAt ?? openedAt) - openedAt),
    ahead: connection.ahead,
    rtt_ms: rttMs === undefined ? null : tenths(rttMs),
    proved_at: connection.provedAt ?? null,
    peer_max_streams: null,
    closed_at: closedAt ?? null,
  };
}

type Common = 'id' | 'provider' | 'reuse_session' | 'protocol' | 'origin' | 'uses' | 'retire_reason';

function common(connection: KnownConnection | LiveConnection): Pick<ConnectionRow, Common> {
  const { id, provider, use, protocol, origin, uses, retireReason } = connection;
  return {
    id,
    provider,
    reuse_session: use === 'shared',
    protocol,
    origin,
    uses,
    retire_reason: retireReason ?? null,
  };
}

/** The server-sent events of the transport page by name. A closed set. */
export type TransportEvent =
  | { readonly event: 'transport'; readonly data: TransportView }
  | { readonly event: 'connection' | 'fallback' | 'credential' | 'queue'; readonly data: object };

/** An event of the stream as the transport page hears it; undefined for what is not about transports. */
export function transportEvent(event: TelemetryEvent): TransportEvent | undefined {
  switch (event.type) {
    case 'connection': {
      const { at, provider, use, protocol, event: happened } = event;
      const { connectionId, origin, at: _, type, ...detail } = happened;
      const names = { rttMs: 'rtt_ms', ageMs: 'age_ms' } as const;
      const renamed = Object.entries(detail).map(([name, value]) => [
        name in names ? names[name as keyof typeof names] : name,
        value,
      ]);
      return {
        event: 'connection',
        data: {
          at,
          id: connectionId,
          provider,
          reuse_session: use === 'shared',
          protocol,
          origin,
          change: type,
          ...Object.fromEntries(renamed),
        },
      };
    }
    case 'fallback': {
      const { at, provider, origin, road, reason, holdMs } = event;
      return {
        event: 'fallback',
        data: { at, provider, origin, road, reason: reason ?? null, hold_ms: holdMs ?? null },
      };
    }
    case 'credential': {
      const { at, provider, alias, state, restMs } = event;
      return { event: 'credential', data: { at, provider, alias, state, rest_ms: rounded(restMs) } };
    }
    case 'queue': {
      const { at, queue, running, waiting, limit } = event;
      return { event: 'queue', data: { at, queue, running, waiting, limit } };
    }
    case 'upstream':
    case 'alert':
    case 'request-started':
    case 'request-ended':
    case 'call-started':
    case 'attempt-started':
    case 'bytes-sent':
    case 'attempt-ended':
    case 'retry-planned':
    case 'call-ended':
      return undefined;
    default:
      return event satisfies never;
  }
}
