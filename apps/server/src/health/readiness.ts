/** Whether requests would be served, from what was measured. Pure. */

/** What readiness is decided from. */
export interface Measured {
  readonly stopping: boolean;
  /** Whether any upstream takes connections; undefined while nobody has looked. */
  readonly upstreamReachable: boolean | undefined;
  /** Whether an upstream is there to be asked: the simulator may be restarting. */
  readonly upstreamReady: boolean;
  /** Whether the data folder can be written. */
  readonly writable: boolean;
  /** Free bytes where spools and results lie; undefined when that cannot be known. */
  readonly freeBytes: number | undefined;
  /** How late timers ran lately, 99th percentile, in milliseconds. */
  readonly loopDelayMs: number;
}

type Check = 'ok' | 'failed';

export interface Readiness {
  readonly ready: boolean;
  readonly checks: Readonly<Record<'accepting' | 'upstream' | 'storage' | 'event_loop', Check>>;
}

export interface ReadinessLimits {
  /** Free bytes below which a request may find no room for its images. */
  readonly minFreeBytes: number;
  /** Timers that run later than this mean that this process cannot keep its promises about time. Milliseconds. */
  readonly maxLoopDelayMs: number;
}

export function readiness(measured: Measured, limits: ReadinessLimits): Readiness {
  const { stopping, upstreamReady, upstreamReachable, writable, freeBytes, loopDelayMs } = measured;
  const check = (holds: boolean): Check => (holds ? 'ok' : 'failed');
  const checks = {
    accepting: check(!stopping),
    upstream: check(upstreamReady && upstreamReachable !== false),
    storage: check(writable && (freeBytes === undefined || freeBytes >= limits.minFreeBytes)),
    event_loop: check(loopDelayMs <= limits.maxLoopDelayMs),
  };
  return { ready: Object.values(checks).every((one) => one === 'ok'), checks };
}
