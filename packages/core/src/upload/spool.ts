import { createHash, type Hash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { Readable } from 'node:stream';
import { MAX_SLICE_BYTES, type RequestBody } from '../transport/request-body.ts';
import { SpoolLimitError } from './input-error.ts';
import type { MemoryBudget } from './memory-budget.ts';
import { orAborted } from './or-aborted.ts';
import { SpoolStorage } from './spool-storage.ts';

export interface SpoolOptions {
  /** Where the temporary file goes, if one is needed; made when missing. Default the system's. */
  readonly directory?: string;
  /** The most bytes it keeps in memory; the latest ones, when there are more. Default 256 KiB. */
  readonly memoryBytes?: number;
  /** Memory shared with other spools, which it takes beyond `memoryBytes` while there is some. Default none. */
  readonly budget?: MemoryBudget;
  /** The most bytes it takes. Default unlimited. */
  readonly maxBytes?: number;
  /** Compute the SHA-256 of the content while it is written. Default false. */
  readonly sha256?: boolean;
}

type State =
  | { readonly name: 'growing' }
  | { readonly name: 'ended'; readonly sha256: string | undefined }
  | { readonly name: 'failed'; readonly error: unknown }
  | { readonly name: 'disposed' };

const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined };

/**
 * Bytes written once and read as often as needed, also while they are still being written (cut-through): a reader waits
 * for growth, ends where the content ends, and fails when the writer fails, so that half an image is never taken for a
 * whole one. What is more than fits in memory lies in a nameless temporary file.
 *
 * `growing -> ended | failed -> disposed`, forward only. One writer, any number of readers.
 */
export class Spool implements AsyncDisposable {
  readonly #storage: SpoolStorage;
  readonly #maxBytes: number;
  readonly #hash: Hash | undefined;
  readonly #waiting = new Set<() => void>();
  /**
   * Aborts when no more can be written, so that `fill()` lets its source go. A callback in its place would cost less, and was measured to keep
   * the slices of every request until a full collection: 40 MB after 40 requests of 1 MB, and a full collection every few requests then.
   */
  readonly #closed = new AbortController();
  #state: State = { name: 'growing' };
  #writing: Promise<void> | undefined;
  #disposing: Promise<void> | undefined;

  constructor(options: SpoolOptions = {}) {
    const { directory = tmpdir(), memoryBytes = 256 * 1024, budget } = options;
    this.#storage = new SpoolStorage(directory, memoryBytes, budget);
    this.#maxBytes = options.maxBytes ?? Number.POSITIVE_INFINITY;
    this.#hash = options.sha256 === true ? createHash('sha256') : undefined;
  }

  /**
   * Spools the whole of `source`; disposes of the spool when that fails.
   * @throws SpoolLimitError, the source's own error, or the signal's reason.
   */
  static async from(
    source: AsyncIterable<Uint8Array>,
    options?: SpoolOptions,
    signal?: AbortSignal,
  ): Promise<Spool> {
    const spool = new Spool(options);
    try {
      await spool.fill(source, signal);
      return spool;
    } catch (error) {
      await spool[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Bytes of the whole content; undefined until the end is known. */
  get byteLength(): number | undefined {
    return this.#state.name === 'ended' ? this.#storage.size : undefined;
  }

  /** Bytes that readers can have so far. */
  get storedBytes(): number {
    return this.#storage.size;
  }

  /** Hexadecimal; undefined before the end, and when it was not asked for. */
  get sha256(): string | undefined {
    return this.#state.name === 'ended' ? this.#state.sha256 : undefined;
  }

  /** Why the writer failed, once it has. */
  get failure(): { readonly error: unknown } | undefined {
    return this.#state.name === 'failed' ? { error: this.#state.error } : undefined;
  }

  /**
   * Stores a copy of `chunk`, which readers have at once. Resolves when there is room for more: await it before the next write,
   * that is the back-pressure.
   * @throws SpoolLimitError, which also fails the spool; the error it failed with; the `fs` error.
   */
  async write(chunk: Uint8Array): Promise<void> {
    await this.#add(chunk, false);
  }

  async #add(chunk: Uint8Array, owned: boolean): Promise<void> {
    this.#throwUnlessGrowing();
    if (this.#writing !== undefined) throw new Error('a spool is written by one write() at a time');
    if (this.#storage.size + chunk.byteLength > this.#maxBytes) {
      this.fail(new SpoolLimitError(this.#maxBytes));
      this.#throwUnlessGrowing();
    }
    this.#storage.add(chunk, owned);
    this.#hash?.update(chunk);
    this.#wakeAll();
    this.#writing = this.#storage.room();
    if (this.#writing === undefined) return;
    try {
      await this.#writing;
    } catch (error) {
      this.fail(error);
      throw error;
    } finally {
      this.#writing = undefined;
    }
    this.#throwUnlessGrowing();
  }

  /** Says that the content is whole. */
  end(): void {
    this.#throwUnlessGrowing();
    if (this.#writing !== undefined) throw new Error('a spool is ended after its last write() resolved');
    this.#leaveGrowing({ name: 'ended', sha256: this.#hash?.digest('hex') });
  }

  /** Says that no whole content will come: every reader fails with `error`. Does nothing after the end. */
  fail(error: unknown): void {
    if (this.#state.name === 'growing') this.#leaveGrowing({ name: 'failed', error });
  }

  /**
   * Writes the whole of `source` and ends, or fails the spool. What the source yields it must not change afterwards: large
   * pieces are kept as they are. When the signal aborts, or the spool is failed or
   * disposed of meanwhile, the source is let go at once, also one that is silent.
   * @throws what the spool failed with.
   */
  async fill(source: AsyncIterable<Uint8Array>, signal?: AbortSignal): Promise<void> {
    const onAbort = () => this.fail(signal?.reason);
    if (signal?.aborted) onAbort();
    else signal?.addEventListener('abort', onAbort, { once: true });
    const iterator = source[Symbol.asyncIterator]();
    try {
      while (true) {
        const step = await orAborted(iterator.next(), this.#closed.signal);
        if (step.done === true) break;
        await this.#add(step.value, true);
      }
      this.end();
    } catch (error) {
      this.fail(error);
      // A generator that waits for its source answers return() only after that; a stream can be ended from outside.
      if (source instanceof Readable) source.destroy();
      iterator.return?.().catch(() => undefined);
      this.#throwUnlessGrowing();
      throw error;
    } finally {
      signal?.removeEventListener('abort', onAbort);
    }
  }

  /**
   * The content from the start, in slices of at most 256 KiB, each as soon as it is stored. Leaving early takes effect
   * at once, also while waiting for growth. One `next()` at a time.
   */
  read(): AsyncIterableIterator<Uint8Array> {
    let at = 0;
    let left = false;
    let wake: (() => void) | undefined;
    const next = async (): Promise<IteratorResult<Uint8Array, undefined>> => {
      while (!left) {
        this.#throwIfBroken();
        if (at < this.#storage.size) {
          const value = await this.#storage.slice(at, MAX_SLICE_BYTES);
          at += value.byteLength;
          return left ? DONE : { done: false, value };
        }
        if (this.#state.name === 'ended') return DONE;
        await new Promise<void>((resolve) => {
          wake = resolve;
          this.#waiting.add(resolve);
        });
      }
      return DONE;
    };
    const leave = async (): Promise<IteratorReturnResult<undefined>> => {
      left = true;
      if (wake !== undefined) this.#waiting.delete(wake);
      wake?.();
      return DONE;
    };
    return {
      next,
      return: leave,
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  }

  /** The first `byteLength` bytes, or all when there are fewer; waits for them. For sniffing. */
  async head(byteLength: number): Promise<Uint8Array> {
    const slices: Uint8Array[] = [];
    let seen = 0;
    for await (const slice of this.read()) {
      slices.push(slice);
      seen += slice.byteLength;
      if (seen >= byteLength) break;
    }
    return Buffer.concat(slices).subarray(0, byteLength);
  }

  /** Waits for the end and gives the whole content's length in bytes. Throws what the spool failed with. */
  async whole(): Promise<number> {
    while (this.#state.name === 'growing') {
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
    this.#throwIfBroken();
    return this.#storage.size;
  }

  /** Fails readers and the writer, waits for what they do at the disk, and frees memory and file. Idempotent. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#disposing ??= this.#dispose();
    return this.#disposing;
  }

  async #dispose(): Promise<void> {
    this.#leaveGrowing({ name: 'disposed' });
    await this.#writing?.catch(() => undefined);
    await this.#storage.close();
  }

  #leaveGrowing(state: Exclude<State, { name: 'growing' }>): void {
    this.#state = state;
    this.#closed.abort(state.name === 'failed' ? state.error : new Error(`the spool is ${state.name}`));
    this.#wakeAll();
  }

  #throwIfBroken(): void {
    if (this.#state.name === 'failed') throw this.#state.error;
    if (this.#state.name === 'disposed') throw new Error('the spool has been disposed of');
  }

  #throwUnlessGrowing(): void {
    this.#throwIfBroken();
    if (this.#state.name === 'ended') throw new Error('the spool has ended');
  }

  #wakeAll(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const wake of waiting) wake();
  }
}

/** A spool as a body: it can be sent again and again, and already while it grows. The caller disposes of the spool. */
export function fromSpool(spool: Spool): RequestBody {
  return {
    get byteLength() {
      return spool.byteLength;
    },
    replayable: true,
    open: () => spool.read(),
  };
}
