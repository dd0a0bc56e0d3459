/** Bytes held for a consumer that reads slowly before the peer is asked to pause. */
const HIGH_WATER_BYTES = 256 * 1024;

export interface FlowControl {
  pause(): void;
  resume(): void;
  /** The consumer left the loop before the end. */
  cancel(): void;
}

type Ending = { readonly type: 'whole' } | { readonly type: 'failed'; readonly error: Error };

type Step = IteratorResult<Uint8Array, undefined>;

interface Pull {
  readonly resolve: (step: Step) => void;
  readonly reject: (error: Error) => void;
}

const END: Step = { done: true, value: undefined };

/**
 * The response body between undici, which pushes, and the consumer, who pulls; read once. By hand: a generator would take four
 * promises more for each answer.
 */
export class ResponseBody implements AsyncIterable<Uint8Array> {
  readonly #flow: FlowControl;
  readonly #chunks: Uint8Array[] = [];
  #held = 0;
  #paused = false;
  #ending: Ending | undefined;
  #taken = false;
  /** The consumer has had the end, or has left. */
  #over = false;
  /** What the consumer waits for, and how that is to be answered. */
  #pulled: Promise<Step> | undefined;
  #pull: Pull | undefined;

  constructor(flow: FlowControl) {
    this.#flow = flow;
  }

  /** The consumer is the one who is slow. */
  get paused(): boolean {
    return this.#paused;
  }

  push(chunk: Uint8Array): void {
    if (this.#ending !== undefined || this.#over || chunk.byteLength === 0) return;
    if (this.#pull !== undefined) {
      this.#answer()?.resolve({ done: false, value: chunk });
      return;
    }
    this.#chunks.push(chunk);
    this.#held += chunk.byteLength;
    if (this.#held >= HIGH_WATER_BYTES && !this.#paused) {
      this.#paused = true;
      this.#flow.pause();
    }
  }

  /** Ends the body; what has arrived is still delivered before a failure. */
  end(ending: Ending): void {
    this.#ending ??= ending;
    const pull = this.#answer();
    if (pull === undefined) return;
    this.#over = true;
    if (this.#ending.type === 'failed') pull.reject(this.#ending.error);
    else pull.resolve(END);
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array, undefined> {
    if (this.#taken) {
      return { next: () => Promise.reject(new TypeError('a response body can be read only once')) };
    }
    this.#taken = true;
    return { next: () => this.#next(), return: () => this.#leave() };
  }

  #next(): Promise<Step> {
    if (this.#over) return Promise.resolve(END);
    const chunk = this.#take();
    if (chunk !== undefined) return Promise.resolve({ done: false, value: chunk });
    if (this.#ending === undefined) return this.#wait();
    this.#over = true;
    return this.#ending.type === 'failed' ? Promise.reject(this.#ending.error) : Promise.resolve(END);
  }

  #wait(): Promise<Step> {
    // Asked again before it has been answered: in turn.
    if (this.#pulled !== undefined) return this.#pulled.then(() => this.#next());
    this.#pulled = new Promise((resolve, reject) => {
      this.#pull = { resolve, reject };
    });
    return this.#pulled;
  }

  #answer(): Pull | undefined {
    const pull = this.#pull;
    this.#pull = undefined;
    this.#pulled = undefined;
    return pull;
  }

  #leave(): Promise<Step> {
    if (!this.#over) {
      this.#over = true;
      this.#chunks.length = 0;
      this.#answer()?.resolve(END);
      if (this.#ending === undefined) this.#flow.cancel();
    }
    return Promise.resolve(END);
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
}
