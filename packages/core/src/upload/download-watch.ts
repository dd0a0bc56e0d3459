import { type Clock, systemClock } from '../time/clock.ts';
import { UrlFetchError } from './url-error.ts';

export interface DownloadTimes {
  /** Milliseconds for DNS, TCP and TLS of each hop. Default 10 000. */
  readonly connectMs?: number;
  /** The longest silence, in milliseconds, while waiting for headers or content. Default 15 000. */
  readonly idleMs?: number;
  /** Milliseconds for everything, redirects included. Default 60 000. */
  readonly totalMs?: number;
  readonly signal?: AbortSignal;
  readonly clock?: Clock;
}

/** The clocks of one download and the one signal in which they, the caller and the end of it meet. */
export class DownloadWatch {
  readonly #controller = new AbortController();
  readonly #clock: Clock;
  readonly #connectMs: number;
  readonly #idleMs: number;
  readonly #cancelTotal: () => void;
  readonly #unlisten: () => void;
  #cancelPhase: () => void = () => undefined;

  constructor(options: DownloadTimes) {
    this.#clock = options.clock ?? systemClock;
    this.#connectMs = options.connectMs ?? 10_000;
    this.#idleMs = options.idleMs ?? 15_000;
    this.#cancelTotal = this.#expire(options.totalMs ?? 60_000, 'the download');
    const { signal } = options;
    const onAbort = () => this.stop(signal?.reason);
    this.#unlisten = () => signal?.removeEventListener('abort', onAbort);
    if (signal?.aborted) onAbort();
    else signal?.addEventListener('abort', onAbort, { once: true });
  }

  /** Aborts with a UrlFetchError, with the caller's reason, or with what `stop()` was given. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  connecting(): void {
    this.progressed();
    this.#cancelPhase = this.#expire(this.#connectMs, 'connecting');
  }

  /** From here on silence counts. */
  readonly waiting = (): void => {
    this.progressed();
    this.#cancelPhase = this.#expire(this.#idleMs, 'waiting for the server');
  };

  /** The awaited thing came; a slow reader of it is not the server's silence. */
  progressed(): void {
    this.#cancelPhase();
  }

  /** Ends the request if it still runs. Leaves no timer, listener or socket. Idempotent. */
  stop(reason: unknown): void {
    this.#cancelPhase();
    this.#cancelTotal();
    this.#unlisten();
    this.#controller.abort(reason);
  }

  #expire(ms: number, what: string): () => void {
    return this.#clock.after(ms, () =>
      this.stop(new UrlFetchError(`${what} took longer than ${ms} ms`, { reason: 'timeout' })),
    );
  }
}
