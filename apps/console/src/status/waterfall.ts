/** The attempts of a call on one scale of time. Pure. */
import { PHASES, type Phase } from '../api/wire.ts';
import type { Call, TimedAttempt } from './status-api.ts';

interface Bar {
  /** `pause`: waited before the attempt. */
  readonly kind: Phase | 'pause';
  /** Shares of the whole, 0 to 1. */
  readonly from: number;
  readonly width: number;
  readonly ms: number;
}

export interface WaterfallRow {
  readonly attempt: TimedAttempt;
  readonly bars: readonly Bar[];
}

export interface Waterfall {
  /** What the full width stands for. Milliseconds. */
  readonly wholeMs: number;
  readonly rows: readonly WaterfallRow[];
}

/** Phases follow each other from an attempt's beginning; its pause lies before it. */
export function waterfall({ startedAt, attempts }: Call): Waterfall {
  const start = Math.min(startedAt, ...attempts.map((attempt) => attempt.startedAt - attempt.delayMs));
  const end = Math.max(...attempts.map((attempt) => attempt.startedAt + attempt.durationMs), start);
  const wholeMs = Math.max(1, end - start);
  return {
    wholeMs,
    rows: attempts.map((attempt) => ({ attempt, bars: barsOf(attempt, start, wholeMs) })),
  };
}

function barsOf(attempt: TimedAttempt, start: number, wholeMs: number): Bar[] {
  const bars: Bar[] = [];
  let at = attempt.startedAt - attempt.delayMs - start;
  const add = (kind: Bar['kind'], ms: number): void => {
    if (ms > 0) bars.push({ kind, from: at / wholeMs, width: Math.min(ms, wholeMs - at) / wholeMs, ms });
    at += ms;
  };
  add('pause', attempt.delayMs);
  for (const phase of PHASES) add(phase, attempt.phaseMs[phase] ?? 0);
  return bars;
}
