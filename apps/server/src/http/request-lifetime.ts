import type { ServerResponse } from 'node:http';
import { badRequest, GatewayError } from '../errors/gateway-error.ts';

/**
 * How long a request is worth working for: until its deadline, until its caller goes away, until the server stops.
 * Dispose of it when the answer is out; it leaves no timer and no listener.
 */
export class RequestLifetime implements Disposable {
  readonly #stop = new AbortController();
  readonly #endsAt: number;
  readonly #timer: NodeJS.Timeout;
  readonly #response: ServerResponse;
  readonly #shutdown: AbortSignal;
  #outlivesCaller = false;

  constructor(response: ServerResponse, deadlineMs: number, shutdown: AbortSignal) {
    this.#response = response;
    this.#shutdown = shutdown;
    this.#endsAt = performance.now() + deadlineMs;
    this.#timer = setTimeout(() => this.#stop.abort(deadlineExceeded(deadlineMs)), deadlineMs);
    response.once('close', this.#onClose);
    if (shutdown.aborted) this.#onShutdown();
    else shutdown.addEventListener('abort', this.#onShutdown, { once: true });
  }

  /** Aborts with a `GatewayError` that says why. */
  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  /** Milliseconds left until the deadline, at least 0. */
  remainingMs(): number {
    return Math.max(0, this.#endsAt - performance.now());
  }

  /** From now on it goes on when its caller goes away: what it does is paid for, and will be asked for again. */
  outliveCaller(): void {
    this.#outlivesCaller = true;
  }

  readonly #onClose = (): void => {
    if (this.#response.writableFinished || this.#outlivesCaller) return;
    this.#stop.abort(
      badRequest('The caller went away before the answer.', { status: 499, code: 'client_closed_request' }),
    );
  };

  readonly #onShutdown = (): void => {
    this.#stop.abort(
      new GatewayError('The gateway is stopping.', {
        status: 503,
        type: 'server_error',
        code: 'shutting_down',
      }),
    );
  };

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#response.removeListener('close', this.#onClose);
    this.#shutdown.removeEventListener('abort', this.#onShutdown);
  }
}

function deadlineExceeded(deadlineMs: number): GatewayError {
  return new GatewayError(`The request was not done within ${deadlineMs / 1_000} s.`, {
    status: 504,
    type: 'server_error',
    code: 'deadline_exceeded',
  });
}
