import type { Clock } from '../time/clock.ts';

/** A timer cannot be set for longer (2^31 - 1 ms, 24 days): Node would fire it at once. */
const LONGEST_TIMER_MS = 2_147_483_647;

/** Why a logical request must end now. */
export type StopCause = 'aborted' | 'deadline';

/** The caller's signal and the deadline as one signal that remembers which of them came first. */
export class StopSignal {
  readonly #controller = new AbortController();
  readonly #clock: Clock;
  readonly #deadlineAt: number;
  readonly #release: () => void;
  #cause: StopCause | undefined;

  constructor(caller: AbortSignal | undefined, deadlineMs: number | undefined, clock: Clock) {
    this.#clock = clock;
    this.#deadlineAt = deadlineMs === undefined ? Number.POSITIVE_INFINITY : clock.now() + deadlineMs;
    const onAbort = () => this.#stop('aborted');
    const cancelTimer =
      deadlineMs !== undefined && deadlineMs <= LONGEST_TIMER_MS
        ? clock.after(deadlineMs, () => this.#stop('deadline'))
        : undefined;
    caller?.addEventListener('abort', onAbort, { once: true });
    this.#release = () => {
      caller?.removeEventListener('abort', onAbort);
      cancelTimer?.();
    };
    if (caller?.aborted) this.#stop('aborted');
    else if (this.leftMs() <= 0) this.#stop('deadline');
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  get cause(): StopCause | undefined {
    return this.#cause;
  }

  /** Milliseconds until the deadline; `Infinity` without one. */
  leftMs(): number {
    return Math.max(0, this.#deadlineAt - this.#clock.now());
  }

  /** Lets go of the caller's signal and of the timer. Must be called when the request has ended. */
  release(): void {
    this.#release();
  }

  #stop(cause: StopCause): void {
    if (this.#cause !== undefined) return;
    this.#cause = cause;
    this.#release();
    this.#controller.abort(
      new Error(cause === 'deadline' ? 'the deadline has passed' : 'the caller aborted'),
    );
  }
}
