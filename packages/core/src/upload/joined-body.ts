import type { RequestBody } from '../transport/request-body.ts';

/** Slices that are longer together are not copied to be one. */
const MAX_COPIED_BYTES = 64 * 1024;

/**
 * Bodies one after the other, as one. It can be sent again when all of them can, its length is known when all of theirs
 * are, and a part that gives more or fewer bytes than it announced fails the whole. A part is opened when its turn comes. A short one in
 * memory, such as a form's last line, comes in one slice with the end of the part before: alone it would be a frame, a TLS record and a
 * write of its own.
 */
export function joined(parts: readonly RequestBody[]): RequestBody {
  return {
    get byteLength() {
      let sum = 0;
      for (const { byteLength } of parts) {
        if (byteLength === undefined) return undefined;
        sum += byteLength;
      }
      return sum;
    },
    replayable: parts.every(({ replayable }) => replayable),
    open: () => new OneAfterTheOther(parts),
  };
}

interface OpenPart {
  readonly body: RequestBody;
  readonly bytes: AsyncIterator<Uint8Array>;
}

const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined };

/**
 * An iterator by hand, since a generator answers `return()` only when the value it waits for has come: leaving must
 * reach a part that is still growing.
 */
class OneAfterTheOther implements AsyncIterableIterator<Uint8Array, undefined> {
  readonly #parts: readonly RequestBody[];
  /** The index of the part that comes next. */
  #next = 0;
  /** What the parts said when the body was opened: that is the length which the request announces. */
  readonly #announced: ReadonlyMap<RequestBody, number | undefined>;
  #part: OpenPart | undefined;
  #seen = 0;
  /** The end of a part, while a short one is to come behind it. */
  #held: Uint8Array | undefined;
  #left = false;

  constructor(parts: readonly RequestBody[]) {
    this.#parts = parts;
    this.#announced = new Map(parts.map((part) => [part, part.byteLength]));
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    if (this.#left) return DONE;
    try {
      return await this.#step();
    } catch (error) {
      // Nothing follows a part that failed: it would look whole.
      this.#left = true;
      throw error;
    }
  }

  async return(): Promise<IteratorReturnResult<undefined>> {
    this.#left = true;
    await this.#part?.bytes.return?.();
    return DONE;
  }

  async #step(): Promise<IteratorResult<Uint8Array, undefined>> {
    for (;;) {
      const part = this.#part ?? this.#open();
      if (part === undefined) return DONE;
      const announced = this.#announced.get(part.body);
      const slice = await part.bytes.next();
      if (this.#left) return DONE;
      if (slice.done === true) {
        if (announced !== undefined && this.#seen < announced)
          throw new Error('the file is shorter than it said');
        this.#part = undefined;
        continue;
      }
      this.#seen += slice.value.byteLength;
      if (announced !== undefined && this.#seen > announced)
        throw new Error('the file is longer than it said');
      const value = this.#held === undefined ? slice.value : Buffer.concat([this.#held, slice.value]);
      const isWhole = part.body.byteLength === this.#seen;
      this.#held = isWhole && this.#isShortBehind(value) ? value : undefined;
      if (this.#held === undefined) return { done: false, value };
    }
  }

  /** Whether the next part is in memory, and with `slice` little enough to be copied. */
  #isShortBehind({ byteLength }: Uint8Array): boolean {
    const bytes = this.#parts[this.#next]?.bytes;
    return bytes !== undefined && bytes.byteLength > 0 && byteLength + bytes.byteLength <= MAX_COPIED_BYTES;
  }

  #open(): OpenPart | undefined {
    const body = this.#parts[this.#next];
    if (body === undefined) return undefined;
    this.#next += 1;
    this.#seen = 0;
    this.#part = { body, bytes: body.open()[Symbol.asyncIterator]() };
    return this.#part;
  }
}
