/** Tells requests under way that their time is over: the drain has lasted as long as it may. */
export class ShutdownSignal {
  readonly #begun = new AbortController();
  readonly #over = new AbortController();
  #running = 0;
  #cutShort = 0;

  /** Whether the server is stopping; new requests are turned away. */
  get stopping(): boolean {
    return this.#begun.signal.aborted;
  }

  /** Aborts when the drain begins: for answers that would otherwise never end. */
  get begun(): AbortSignal {
    return this.#begun.signal;
  }

  /** Aborts when the drain is over. */
  get signal(): AbortSignal {
    return this.#over.signal;
  }

  /** Requests that run now. */
  get running(): number {
    return this.#running;
  }

  /** Requests that the end of the drain cut short. */
  get cutShort(): number {
    return this.#cutShort;
  }

  /** Counts a request as running until it is disposed of. */
  enter(): Disposable {
    this.#running += 1;
    return {
      [Symbol.dispose]: () => {
        this.#running -= 1;
      },
    };
  }

  /** Turns new requests away, and ends those under way after `graceMs`. */
  begin(graceMs: number): void {
    if (this.stopping) return;
    this.#begun.abort();
    setTimeout(() => {
      this.#cutShort = this.#running;
      this.#over.abort();
    }, graceMs).unref();
  }
}
