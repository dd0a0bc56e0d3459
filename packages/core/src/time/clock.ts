/** Time, as something that can be handed in: the only thing tests may replace. Milliseconds. */
export interface Clock {
  /** Monotonic; for durations. Its zero means nothing. */
  now(): number;
  /** Since the Unix epoch; for ages and dates, since it goes on while a machine is suspended. */
  wallNow(): number;
  /**
   * Calls `callback` once after `delayMs`, never when that is longer than a timer can be (24.8 days); the returned function
   * cancels it. With `keepAlive: false` the timer does not keep the process running.
   */
  after(delayMs: number, callback: () => void, options?: { readonly keepAlive?: boolean }): () => void;
}

/** Node runs a timer with a longer delay at once, with a warning. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => performance.now(),
  wallNow: () => Date.now(),
  after(delayMs, callback, options) {
    if (delayMs > LONGEST_TIMER_MS) return () => undefined;
    const timer = setTimeout(callback, delayMs);
    if (options?.keepAlive === false) timer.unref();
    return () => clearTimeout(timer);
  },
};

/**
 * Waits `delayMs`. Rejects with the signal's reason the moment it aborts, and leaves no timer or listener either way.
 */
export function sleep(delayMs: number, signal?: AbortSignal, clock: Clock = systemClock): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const onAbort = () => {
      cancel();
      reject(signal?.reason);
    };
    const cancel = clock.after(delayMs, () => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    });
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}
