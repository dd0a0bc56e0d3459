import type { AttemptRecord, Exchange } from '@ferry/core';

/** A connection as callers and pages see it. */
export interface ConnectionView {
  readonly id: string;
  readonly protocol: string;
  readonly reused: boolean;
  /** `fresh`, `prewarmed` or `reused`. */
  readonly origin: string;
}

/** An attempt as callers and pages see it. */
export interface AttemptView {
  readonly attempt: number;
  readonly duration_ms: number;
  /** How long it was waited before this attempt. */
  readonly delay_ms: number;
  /** `acquire`, `connect`, `request`, `headers`, `body`: where it ended. */
  readonly phase: string;
  /** `not-sent`, `refused`, `unknown` or `answered`. */
  readonly delivery: string;
  readonly status: number | null;
  readonly error: {
    readonly kind: string;
    readonly phase: string;
    readonly delivery: string;
    readonly h2_code: string | null;
    readonly message: string;
  } | null;
  readonly connection: ConnectionView | null;
  /** The alias of the key, never the key. */
  readonly credential: string | null;
  readonly bytes_sent: number;
  readonly phase_ms: Readonly<Record<string, number>>;
}

export function connectionView(exchange: Exchange): ConnectionView | null {
  if (exchange.connectionId === undefined) return null;
  return {
    id: exchange.connectionId,
    protocol: exchange.protocol ?? 'unknown',
    reused: exchange.connectionReused,
    origin: exchange.connectionOrigin ?? (exchange.connectionReused ? 'reused' : 'fresh'),
  };
}

export function attemptView(record: AttemptRecord): AttemptView {
  const { error, exchange } = record;
  return {
    attempt: record.attempt,
    duration_ms: Math.round(record.durationMs),
    delay_ms: Math.round(record.delayMs),
    phase: record.phase,
    delivery: record.delivery,
    status: record.status ?? null,
    error: error
      ? {
          kind: error.kind,
          phase: error.phase,
          delivery: error.delivery,
          h2_code: error.h2Code ?? null,
          message: error.message,
        }
      : null,
    connection: connectionView(exchange),
    credential: record.credential ?? null,
    bytes_sent: exchange.bytesSent,
    phase_ms: Object.fromEntries(
      Object.entries(exchange.phaseMs).map(([phase, ms]) => [phase, Math.round(ms * 10) / 10]),
    ),
  };
}
