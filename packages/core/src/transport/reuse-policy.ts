/**
 * Reuse is data. Fresh, prewarmed and pooled are values of one policy that one pool runs on one code path: no caller
 * branches on a profile. Times are milliseconds.
 */
export interface ReusePolicy {
  /** Requests a connection may carry in its life. `Infinity` for no limit. */
  readonly maxUses: number;
  /** Requests at once on one connection; HTTP/1.1 carries one whatever this says. */
  readonly maxStreams: number;
  /** An unused connection older than this since its last use is retired. */
  readonly maxIdleMs: number;
  /** Retired this long after it was opened, by wall clock, so that a suspended machine counts. */
  readonly maxAgeMs: number;
  /** Connections at once to one origin, spares included. */
  readonly maxConnections: number;
  /** Requests that may wait for a place; one more is refused with `pool-full`. */
  readonly maxWaiting: number;
  /** The most connections kept opened ahead. The number kept follows recent concurrency up to this. */
  readonly spares: number;
  /** A spare unused for this long is closed. */
  readonly spareMaxIdleMs: number;
  /** A connection silent for longer is proven by a PING before it is used again. `Infinity` never proves. */
  readonly proveAfterIdleMs: number;
  /** The longest wait for the PING's answer; the deadline is a few measured round trips below this. */
  readonly proveTimeoutMs: number;
}

/** One upload, one connection, closed after (`reuse_session = false`, `spares = 0`). */
export const FRESH: ReusePolicy = Object.freeze({
  maxUses: 1,
  maxStreams: 1,
  maxIdleMs: 30_000,
  maxAgeMs: 600_000,
  maxConnections: 64,
  maxWaiting: 256,
  spares: 0,
  spareMaxIdleMs: 10_000,
  proveAfterIdleMs: 1_000,
  proveTimeoutMs: 1_000,
});

/** Still one upload a connection, but opened before it was needed (`reuse_session = false`, `spares > 0`). */
export const PREWARMED: ReusePolicy = Object.freeze({ ...FRESH, spares: 2 });

/** Shared connections that are proven or replaced (`reuse_session = true`). */
export const POOLED: ReusePolicy = Object.freeze({
  ...FRESH,
  maxUses: Number.POSITIVE_INFINITY,
  maxStreams: 4,
  maxConnections: 8,
});
