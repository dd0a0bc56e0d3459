/** How a body's reader fared. Each may be told more than once, and after another: the first counts. */
export interface BodyWatch {
  whole(): void;
  failed(error: unknown): void;
  /** The reader left before the end, perhaps before the beginning. */
  left(): void;
}

/**
 * The same body, watched. By hand: a generator that was never started passes nobody's `return()` on, and the exchange would
 * stay open until its limits end it.
 */
export function watchedBody(body: AsyncIterable<Uint8Array>, watch: BodyWatch): AsyncIterable<Uint8Array> {
  return {
    [Symbol.asyncIterator](): AsyncIterator<Uint8Array, undefined> {
      const inner = body[Symbol.asyncIterator]();
      return {
        next: () =>
          inner.next().then(
            (step) => {
              if (step.done !== true) return step;
              watch.whole();
              return END;
            },
            (error: unknown) => {
              watch.failed(error);
              throw error;
            },
          ),
        async return() {
          watch.left();
          await inner.return?.();
          return END;
        },
      };
    },
  };
}

const END = { done: true, value: undefined } as const;
