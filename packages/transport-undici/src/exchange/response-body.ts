/** Bytes held for a consumer that reads slowly before the peer is asked to pause. */
const HIGH_WATER_BYTES = 256 * 1024;

export interface FlowControl {
  pause(): void;
  resume(): void;
  /** The consumer left the loop before the end. */
  cancel(): void;
}

type Ending = { readonly type: 'whole' } | { readonly type: 'failed'; readonly error: Error };

/** The response body between undici, which pushes, and the consumer, who pulls; read once. */
export class ResponseBody implements AsyncIterable<Uint8Array> {
  readonly #flow: FlowControl;
  readonly #chunks: Uint8Array[] = [];
  #held = 0;
  #paused = false;
  #ending: Ending | undefined;
  #taken = false;
  #wake: (() => void) | undefined;

  constructor(flow: FlowControl) {
    this.#flow = flow;
  }

  /** The consumer is the one who is slow. */
  get paused(): boolean {
    return this.#paused;
  }

  push(chunk: Uint8Array): void {
    if (this.#ending !== undefined || chunk.byteLength === 0) return;
    this.#chunks.push(chunk);
    this.#held += chunk.byteLength;
    if (this.#held >= HIGH_WATER_BYTES && !this.#paused) {
      this.#paused = true;
      this.#flow.pause();
    }
    this.#wake?.();
  }

  /** Ends the body; what has arrived is still delivered before a failure. */
  end(ending: Ending): void {
    this.#ending ??= ending;
    this.#wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    if (this.#taken) throw new TypeError('a response body can be read only once');
    this.#taken = true;
    try {
      for (;;) {
        const chunk = this.#take();
        if (chunk !== undefined) yield chunk;
        else if (this.#ending?.type === 'failed') throw this.#ending.error;
        else if (this.#ending !== undefined) return;
        else await this.#more();
      }
    } finally {
      this.#chunks.length = 0;
      if (this.#ending === undefined) this.#flow.cancel();
    }
  }

  #take(): Uint8Array | undefined {
    const chunk = this.#chunks.shift();
    if (chunk === undefined) return undefined;
    this.#held -= chunk.byteLength;
    if (this.#paused && this.#held < HIGH_WATER_BYTES / 2) {
      this.#paused = false;
      this.#flow.resume();
    }
    return chunk;
  }

  async #more(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    this.#wake = undefined;
  }
}
