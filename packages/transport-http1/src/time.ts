import type { Clock } from '@ferry/core';

/** Node runs a timer with a longer delay at once, with a warning. About 24.8 days. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** One moment on both clocks, in milliseconds. */
export interface Moment {
  readonly monotonic: number;
  readonly wall: number;
}

export function momentOf(clock: Clock): Moment {
  return { monotonic: clock.now(), wall: clock.wallNow() };
}

/**
 * Milliseconds from one moment to another by the clock that saw more of them: the monotonic clock stands still while a
 * machine is suspended, and the wall clock may be set back.
 */
export function elapsedMs(from: Moment, to: Moment): number {
  return Math.max(to.monotonic - from.monotonic, to.wall - from.wall, 0);
}

/** `clock.after`, where a delay too long for a timer means never. */
export function afterMs(
  clock: Clock,
  delayMs: number,
  callback: () => void,
  options?: { readonly keepAlive?: boolean },
): () => void {
  if (delayMs > LONGEST_TIMER_MS) return () => undefined;
  return clock.after(Math.max(0, delayMs), callback, options);
}
