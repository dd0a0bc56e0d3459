import type { RequestBody } from '@ferry/core';

/**
 * What is written at a time. The kernel's acceptance of one write is the finest progress that can be seen, so smaller
 * writes tell a slow line from a silent one sooner: 64 KiB in `idleMs` is enough. 256 KiB would take 0.91 of the CPU at
 * 1 MB x 8 over TLS on loopback, and make no difference at 100 kB.
 */
const WRITE_BYTES = 64 * 1024;

/** The source of a body failed, or gave more or fewer bytes than it said. */
class BodySourceFailure extends Error {
  override readonly name: string = 'BodySourceFailure';
}

export interface UploadEvents {
  /** A slice was handed to the protocol; `sent` counts all body bytes so far. */
  handed(sent: number): void;
  /** The upload waits for the source, or for the upstream to take the last slice. */
  waitingFor(whom: 'source' | 'upstream'): void;
  /** Called before the library can see the failure, so that the socket is gone before anything could end the message. */
  failed(failure: BodySourceFailure): void;
}

/**
 * A request body on its way out. got asks for the next slice when the kernel has taken the one before (the write's
 * callback), so each `next()` is progress on the wire, not just in a queue.
 */
export class Upload implements AsyncIterable<Uint8Array> {
  readonly #body: RequestBody;
  readonly #ready: Promise<unknown>;
  readonly #events: UploadEvents;
  /** Settles when the upload is stopped, so that it waits for no source any more. */
  readonly #stopping = Promise.withResolvers<undefined>();
  #stopped = false;
  #source: AsyncIterator<Uint8Array> | undefined;
  #sent = 0;
  #handedOver = false;
  #released = false;

  /** @param ready the body is not opened before this resolves, so that a dead connection costs no one-shot body. */
  constructor(body: RequestBody, ready: Promise<unknown>, events: UploadEvents) {
    this.#body = body;
    this.#ready = ready;
    this.#events = events;
  }

  get opened(): boolean {
    return this.#source !== undefined;
  }

  /** Body bytes handed to the protocol. */
  get sent(): number {
    return this.#sent;
  }

  /** The last byte has been handed to the protocol and the source has ended; the socket may not have taken it yet. */
  get handedOver(): boolean {
    return this.#handedOver;
  }

  /**
   * Hands over nothing more, and lets go of the source. From here on the iteration neither ends nor fails, whatever the source says to
   * that: an end would have the library finish the message, and the upstream would take a short upload for a whole one; a failure
   * would have it drop the answer for which the upload was stopped.
   */
  stop(): void {
    this.#stopped = true;
    this.#stopping.resolve(undefined);
    this.#release();
  }

  // One generator, not some that delegate: `yield*` costs each slice several promises.
  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    await Promise.race([this.#ready, this.#stopping.promise]);
    if (this.#stopped) return await forever();
    try {
      const { byteLength } = this.#body;
      const source = this.#body.open()[Symbol.asyncIterator]();
      this.#source = source;
      let seen = 0;
      // The last slice waits for the source's end: were it sent and the source went on, the upstream would have a whole
      // message that is not the body.
      let last: Uint8Array | undefined;
      for (;;) {
        this.#events.waitingFor('source');
        const step = await Promise.race([source.next(), this.#stopping.promise]);
        // Not by `step`: a source that is let go may say that it has ended, and be heard first.
        if (this.#stopped || step === undefined) return await forever();
        if (step.done === true) break;
        seen += sizeOf(step.value);
        if (byteLength !== undefined && seen > byteLength) {
          throw new BodySourceFailure(`the request body is longer than its ${byteLength} bytes`);
        }
        if (step.value.byteLength === 0) continue;
        if (seen === byteLength) {
          last = step.value;
          continue;
        }
        for (const piece of pieces(step.value)) {
          yield this.#hand(piece);
          if (this.#stopped) return await forever();
        }
      }
      if (byteLength !== undefined && seen < byteLength) {
        throw new BodySourceFailure(`the request body ended after ${seen} of ${byteLength} bytes`);
      }
      for (const piece of last === undefined ? [] : pieces(last)) {
        yield this.#hand(piece, byteLength);
        if (this.#stopped) return await forever();
      }
      this.#handedOver = true;
    } catch (error) {
      if (this.#stopped) return await forever();
      const failure =
        error instanceof BodySourceFailure
          ? error
          : new BodySourceFailure('the source of the request body failed', { cause: error });
      this.#events.failed(failure);
      throw error;
    } finally {
      this.#release();
    }
  }

  /** @param whole the bytes of the whole body, once the source has ended. */
  #hand(piece: Uint8Array, whole?: number): Uint8Array {
    this.#sent += piece.byteLength;
    this.#handedOver = this.#sent === whole;
    this.#events.waitingFor('upstream');
    this.#events.handed(this.#sent);
    return piece;
  }

  /** Not awaited: a source that never answers must not hold up the end of an exchange. */
  #release(): void {
    if (this.#released) return;
    this.#released = this.#source !== undefined;
    try {
      this.#source?.return?.()?.catch(() => undefined);
    } catch {
      // Its owner's fault, and nobody is left to tell.
    }
  }
}

/** One of its own for each wait, which the collector takes when the stream that waits has been destroyed. */
function forever(): Promise<never> {
  return new Promise(() => undefined);
}

function* pieces(bytes: Uint8Array): Generator<Uint8Array, void, undefined> {
  for (let at = 0; at < bytes.byteLength; at += WRITE_BYTES) yield bytes.subarray(at, at + WRITE_BYTES);
}

function sizeOf(value: unknown): number {
  if (value instanceof Uint8Array) return value.byteLength;
  throw new BodySourceFailure('the request body yielded something that is not bytes');
}
