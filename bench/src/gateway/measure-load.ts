import type { Costs } from '../transports/meter.ts';
import type { LoadLength, LoadSeen } from './load.ts';

/** Called for each answer; undefined for one that is no success. A request that gets none is missed by those who count. */
type OnAnswer = (latencyMs: number | undefined) => void;

/**
 * Sends `each` requests on each of its connections, one after another, and returns when the last one is over. When `signal` fires, what
 * is under way is given up.
 */
export type SendBatch = (each: number, onAnswer: OnAnswer, signal: AbortSignal) => Promise<void>;

export interface Clocks {
  /** Milliseconds, of any clock that never goes back. */
  readonly now: () => number;
  /** Starts a meter of time and costs; the returned function reads it. */
  readonly startMeter: () => () => Costs;
}

/**
 * Warms up and measures. How many requests are measured is decided before the first of them is sent, and none is cut off: whoever stops
 * by the clock counts the quick ones among the last and leaves out the slow. Time and costs are read at the last answer.
 * @throws Error when no request is answered with success, in the warm-up or after it.
 */
export async function measureLoad(
  length: LoadLength & { readonly atOnce: number },
  send: SendBatch,
  onMeasuring: () => void,
  { now, startMeter }: Clocks,
): Promise<LoadSeen> {
  const { atOnce, maxMs, warmUpMs, warmUpRequests, measureMs, minRequests, minEach } = length;
  const startedAt = now();
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), maxMs);
  try {
    let paceMs = 0;
    for (
      let each = Math.max(1, warmUpRequests);
      each > 0;
      each = eachFor(warmUpMs + startedAt - now(), paceMs)
    ) {
      const since = now();
      let answered = 0;
      const count = (latencyMs: number | undefined): void => {
        if (latencyMs !== undefined) answered += 1;
      };
      await send(each, count, late.signal);
      if (answered === 0) throw new Error(`none of ${each * atOnce} requests of the warm-up was answered`);
      paceMs = (now() - since) / each;
    }
    const each = Math.max(1, minEach, Math.ceil(minRequests / atOnce), eachFor(measureMs, paceMs));
    onMeasuring();
    const latenciesMs: number[] = [];
    const read = startMeter();
    let costs = read();
    await send(
      each,
      (latencyMs) => {
        costs = read();
        if (latencyMs !== undefined) latenciesMs.push(latencyMs);
      },
      late.signal,
    );
    const requests = each * atOnce;
    if (latenciesMs.length === 0) throw new Error(`none of ${requests} requests was answered`);
    return { latenciesMs, failures: requests - latenciesMs.length, ...costs };
  } finally {
    clearTimeout(timer);
  }
}

/** How many requests one connection sends in that time. */
function eachFor(ms: number, paceMs: number): number {
  return ms <= 0 ? 0 : Math.ceil(ms / Math.max(paceMs, 0.1));
}
