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
  readonly status: number | null;
  readonly error: {
    readonly kind: string;
    readonly phase: string;
    readonly delivery: string;
    readonly h2_code: string | null;
    readonly message: string;
  } | null;
  readonly connection: ConnectionView | null;
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
    bytes_sent: exchange.bytesSent,
    phase_ms: Object.fromEntries(
      Object.entries(exchange.phaseMs).map(([phase, ms]) => [phase, Math.round(ms * 10) / 10]),
    ),
  };
}
