/** What the reader of a response body needs from the exchange. */
export interface ResponseBodySource {
  /** The next bytes; undefined at the end of the whole, complete body. Rejects with the exchange's `TransportError`. */
  read(): Promise<Uint8Array | undefined>;
  /** The reader left early. */
  cancel(): void;
}

/**
 * A response body to iterate once. Written by hand, not as a generator: a generator that was never started runs no
 * `finally` when it is left, and the exchange would stay.
 */
export class ResponseBody implements AsyncIterableIterator<Uint8Array> {
  readonly #source: ResponseBodySource;
  #ended = false;

  constructor(source: ResponseBodySource) {
    this.#source = source;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    if (this.#ended) return { done: true, value: undefined };
    try {
      const value = await this.#source.read();
      if (value !== undefined) return { done: false, value };
    } catch (error) {
      this.#ended = true;
      throw error;
    }
    this.#ended = true;
    return { done: true, value: undefined };
  }

  async return(): Promise<IteratorResult<Uint8Array, undefined>> {
    if (!this.#ended) this.#source.cancel();
    this.#ended = true;
    return { done: true, value: undefined };
  }
}
