import type { Transport } from '@ferry/core';

/**
 * A transport that requests hold from their beginning to their end. Retired, it takes no new holder, and is closed when the
 * last one lets it go: a request that began with it may begin an upload on it minutes later (its client is slow, or a retry
 * waits), which a closed transport would refuse.
 */
export class LeasedTransport {
  readonly transport: Transport;
  #holders = 0;
  #retiring: { readonly graceMs: number; readonly done: PromiseWithResolvers<void> } | undefined;

  constructor(transport: Transport) {
    this.transport = transport;
  }

  /** Keeps it open until the lease is disposed of. Must not be called after `retire`. */
  hold(): Disposable {
    this.#holders += 1;
    let held = true;
    return {
      [Symbol.dispose]: () => {
        if (!held) return;
        held = false;
        this.#holders -= 1;
        this.#closeWhenFree();
      },
    };
  }

  /**
   * Closes it once nobody holds it; what still runs on it then has `graceMs` milliseconds. Resolves when it is closed.
   * Idempotent.
   */
  retire(graceMs: number): Promise<void> {
    this.#retiring ??= { graceMs, done: Promise.withResolvers() };
    this.#closeWhenFree();
    return this.#retiring.done.promise;
  }

  /** Closes it now, whoever holds it. */
  async close(): Promise<void> {
    await this.transport.close();
  }

  #closeWhenFree(): void {
    if (this.#retiring === undefined || this.#holders > 0) return;
    const { graceMs, done } = this.#retiring;
    this.transport.close({ graceMs }).then(done.resolve, done.reject);
  }
}
