/** Bytes that differ everywhere, so that a slice out of place is noticed. */
export function patterned(length: number, seed = 1): Buffer {
  const bytes = Buffer.alloc(length);
  let state = seed;
  for (let at = 0; at < length; at += 1) {
    // Numerical Recipes' linear congruential generator.
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[at] = state >>> 24;
  }
  return bytes;
}

/** A PNG's signature and header, then noise: enough to be recognised, of any length from 16. */
export function pngOf(length: number): Buffer {
  const bytes = patterned(length);
  Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex').copy(bytes);
  return bytes;
}

export async function slicesOf(source: AsyncIterable<Uint8Array>): Promise<Uint8Array[]> {
  const slices: Uint8Array[] = [];
  for await (const slice of source) slices.push(slice);
  return slices;
}

export async function collect(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  return Buffer.concat(await slicesOf(source));
}

/** A source that gives its chunks when it is told to. */
export class ManualStream implements AsyncIterable<Uint8Array> {
  readonly #waiting: (() => void)[] = [];
  readonly #events: (Uint8Array | { readonly error: unknown } | 'end')[] = [];
  /** Whether its reader has let it go. */
  left = false;

  push(event: Uint8Array | { readonly error: unknown } | 'end'): void {
    this.#events.push(event);
    this.#waiting.shift()?.();
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array, undefined> {
    return {
      next: async () => {
        if (this.#events.length === 0) await new Promise<void>((resolve) => this.#waiting.push(resolve));
        const event = this.#events.shift();
        if (event === undefined || event === 'end') return { done: true, value: undefined };
        if (event instanceof Uint8Array) return { done: false, value: event };
        throw event.error;
      },
      return: async () => {
        this.left = true;
        return { done: true, value: undefined };
      },
    };
  }
}
