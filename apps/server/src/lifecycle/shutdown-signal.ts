/** Tells requests under way that their time is over: the drain has lasted as long as it may. */
export class ShutdownSignal {
  readonly #over = new AbortController();
  #stopping = false;

  /** Whether the server is stopping; new requests are turned away. */
  get stopping(): boolean {
    return this.#stopping;
  }

  /** Aborts when the drain is over. */
  get signal(): AbortSignal {
    return this.#over.signal;
  }

  /** Turns new requests away, and ends those under way after `graceMs`. */
  begin(graceMs: number): void {
    if (this.#stopping) return;
    this.#stopping = true;
    setTimeout(() => this.#over.abort(), graceMs).unref();
  }
}
