import { deferred } from './deferred.ts';

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

const END: Step = { done: true, value: undefined };

const READ_ALREADY: AsyncIterableIterator<Uint8Array, undefined> = {
  [Symbol.asyncIterator]: () => READ_ALREADY,
  next: () => Promise.reject(new TypeError('a response body can be read only once')),
};

/**
 * The response body between undici, which pushes, and the consumer, who pulls; read once. By hand: a generator would take four
 * promises more for each answer.
 */
export class ResponseBody implements AsyncIterableIterator<Uint8Array, undefined> {
  readonly #flow: FlowControl;
  readonly #chunks: Uint8Array[] = [];
  #held = 0;
  #paused = false;
  #ending: Ending | undefined;
  #taken = false;
  /** The consumer has had the end, or has left. */
  #over = false;
  /** What the consumer waits for. */
  #pull: PromiseWithResolvers<Step> | undefined;

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

  [Symbol.asyncIterator](): AsyncIterableIterator<Uint8Array, undefined> {
    if (this.#taken) return READ_ALREADY;
    this.#taken = true;
    return this;
  }

  next(): Promise<Step> {
    if (this.#over) return Promise.resolve(END);
    const chunk = this.#take();
    if (chunk !== undefined) return Promise.resolve({ done: false, value: chunk });
    if (this.#ending === undefined) return this.#wait();
    this.#over = true;
    return this.#ending.type === 'failed' ? Promise.reject(this.#ending.error) : Promise.resolve(END);
  }

  /** The consumer leaves the loop. */
  return(): Promise<Step> {
    if (!this.#over) {
      this.#over = true;
      this.#chunks.length = 0;
      this.#answer()?.resolve(END);
      if (this.#ending === undefined) this.#flow.cancel();
    }
    return Promise.resolve(END);
  }

  #wait(): Promise<Step> {
    // Asked again before it has been answered: in turn.
    if (this.#pull !== undefined) return this.#pull.promise.then(() => this.next());
    this.#pull = deferred();
    return this.#pull.promise;
  }

  #answer(): PromiseWithResolvers<Step> | undefined {
    const pull = this.#pull;
    this.#pull = undefined;
    return pull;
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
