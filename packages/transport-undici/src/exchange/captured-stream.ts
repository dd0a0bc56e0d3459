import type { ClientHttp2Stream } from 'node:http2';
import { constants } from 'node:http2';
import { addAbortSignal } from 'node:stream';
import type { MemoryFeed, PieceSink, Taken } from './memory-feed.ts';

/** RFC 9113 section 6.2. */
const HEADERS_FRAME = 1;

/** RST_STREAM codes by which a peer proves that it has not acted (RFC 9113 sections 8.7 and 7). */
export const REFUSED_STREAM: number = constants.NGHTTP2_REFUSED_STREAM;
export const HTTP_1_1_REQUIRED: number = constants.NGHTTP2_HTTP_1_1_REQUIRED;

export interface StreamObserver {
  /** The whole request, END_STREAM included, is with the socket. */
  onRequestFlushed(): void;
  /** The peer has sent REFUSED_STREAM. undici, which hears of it next, may want to send the request again: it must be over by then. */
  onRefused(error: Error): void;
  /** A frame could not be sent. `headers`: that of the request itself, so that nothing has left. */
  onFrameError(headers: boolean): void;
}

/** Where a stream's exchange finds it again. One property more, since each costs every look at the stream a little. */
const CAPTURED = Symbol('captured');

/** What of a stream goes through its exchange first. */
interface Hooks {
  push(chunk: unknown, encoding?: BufferEncoding): boolean;
  close(): void;
  destroy(error?: Error): unknown;
  write(chunk: unknown, onTaken?: Taken): boolean;
  end(chunk?: unknown, encoding?: unknown, onEnd?: unknown): unknown;
  // Node's longest has three.
  emit(event: string, first?: unknown, second?: unknown, third?: unknown): boolean;
}

interface Captive extends Omit<ClientHttp2Stream, keyof Hooks>, Hooks {
  [CAPTURED]: CapturedStream;
}

/**
 * The HTTP/2 stream under one exchange. undici resolves truncated responses as whole ones and ends abandoned uploads as
 * if they were whole; the stream itself knows better, and this is where it is asked and where it is ended.
 */
export class CapturedStream implements PieceSink {
  /** Of all streams, over the methods of Node's one class of them. */
  static #hooks: { readonly native: Captive; readonly ours: Hooks } | undefined;

  readonly stream: ClientHttp2Stream;
  readonly #native: Captive;
  #observer: StreamObserver | undefined;
  #endStreamReceived = false;
  #bytesReceived = 0;
  #resetByUs = false;
  #closedBeforeDestroy: boolean | undefined;
  #lastPieceNext = false;
  #endComes = false;
  #answerFields: readonly string[] = [];
  #feed: MemoryFeed | undefined;

  constructor(stream: ClientHttp2Stream, observer: StreamObserver) {
    this.stream = stream;
    this.#observer = observer;
    CapturedStream.#hooks ??= CapturedStream.#hooksOver(Object.getPrototypeOf(stream));
    const { native, ours } = CapturedStream.#hooks;
    this.#native = native;
    const captive = stream as unknown as Captive;
    captive[CAPTURED] = this;
    // One by one and for each stream the same functions: functions of its own would be new to V8 at every call, and a prototype of their
    // own costs the stream 2 µs.
    captive.push = ours.push;
    captive.close = ours.close;
    captive.destroy = ours.destroy;
    captive.write = ours.write;
    captive.end = ours.end;
    captive.emit = ours.emit;
    if (stream.writableFinished) observer.onRequestFlushed();
  }

  static #hooksOver(native: Captive): { readonly native: Captive; readonly ours: Hooks } {
    const { push, destroy, end, emit } = native;
    const ours: Hooks & ThisType<Captive> = {
      push(chunk, encoding) {
        this[CAPTURED].#onPush(chunk);
        return push.call(this, chunk, encoding);
      },
      // undici closes abandoned streams with code 0, and closing ends the writable side first: the peer would see
      // END_STREAM, that is a whole but short upload, and only then the reset.
      close() {
        this[CAPTURED].cancel();
      },
      // A RST_STREAM closes the stream and then destroys it; a dying session destroys it and makes up a code.
      destroy(error) {
        this[CAPTURED].#closedBeforeDestroy ??= this.closed;
        return destroy.call(this, error);
      },
      write(chunk) {
        return this[CAPTURED].#onWrite(chunk);
      },
      end(chunk, encoding, onEnd) {
        return this[CAPTURED].#endsBehindWrite() ? this : end.call(this, chunk, encoding, onEnd);
      },
      emit(event, first, second, third) {
        return this[CAPTURED].#hear(event, first, third) && emit.call(this, event, first, second, third);
      },
    };
    return { native, ours };
  }

  /** Hears events before undici does, without a listener that is paid for each. @returns whether undici is to hear of it. */
  #hear(event: string, first: unknown, third: unknown): boolean {
    switch (event) {
      case 'response':
        // Behind the object that Node makes of them, and the flags.
        this.#answerFields = third as readonly string[];
        return true;
      // Most events of an upload by far, and all that Node hears them for is to count the listeners to frame errors.
      case 'newListener':
      case 'removeListener':
        return first === 'frameError';
      case 'finish':
        this.#observer?.onRequestFlushed();
        return true;
      case 'frameError':
        // undici resends a bodiless request whose HEADERS could not be sent after a GOAWAY: it must have failed before.
        this.#observer?.onFrameError(first === HEADERS_FRAME);
        return true;
      case 'error':
        if (this.peerResetCode === REFUSED_STREAM) this.#observer?.onRefused(first as Error);
        return true;
      case 'trailers':
      case 'aborted':
        // The answer is whole, though a slow reader may have a part of it still before him. undici reads nothing more once it hears of
        // trailers or of the end of the upload (RFC 9113 section 8.1), and Node tells of both ahead of what it holds.
        return !this.#endStreamReceived;
      default:
        return true;
    }
  }

  /**
   * Node pushes null both for the peer's END_STREAM and when a reset ends the stream; in the second case the stream is closed already.
   * `readableEnded` would come too late for a consumer that reads slowly.
   */
  #onPush(chunk: unknown): void {
    if (chunk !== null) this.#bytesReceived += (chunk as Uint8Array).byteLength;
    else if (!this.stream.closed) this.#endStreamReceived = true;
  }

  #onWrite(chunk: unknown): boolean {
    if (this.#feed !== undefined) {
      this.#start(this.#feed);
      return true;
    }
    const roomForMore = this.#native.write.call(this.stream, chunk);
    return roomForMore || this.#lastPieceNext;
  }

  /** undici ends the stream right behind its write(). Whoever ends it later, such as Node after a RST_STREAM, means it. */
  #endsBehindWrite(): boolean {
    const endComes = this.#endComes;
    this.#endComes = false;
    return endComes;
  }

  /**
   * The next piece is the last: undici need not wait until it has drained. It then ends the stream in the same turn, and Node
   * sets END_STREAM on the last DATA frame; otherwise that takes a frame, a TLS record and a write of its own, 30 µs.
   */
  lastPieceComes(): void {
    this.#lastPieceNext = true;
  }

  /** What undici is about to write as one Buffer goes out in the pieces of `feed`. */
  feedFrom(feed: MemoryFeed): void {
    this.#feed = feed;
  }

  /** Nothing has ended or reset it. */
  get writable(): boolean {
    return this.stream.writable;
  }

  write(piece: Uint8Array, onTaken: Taken): void {
    this.#native.write.call(this.stream, piece, onTaken);
  }

  end(piece: Uint8Array): void {
    this.#native.end.call(this.stream, piece);
  }

  #start(feed: MemoryFeed): void {
    this.#feed = undefined;
    feed.start(this);
    this.#endComes = true;
  }

  /** The fields of the answer as they came, each name followed by its value; none before. */
  get answerFields(): readonly string[] {
    return this.#answerFields;
  }

  /** Body bytes that have come, whether or not undici has read them. */
  get bytesReceived(): number {
    return this.#bytesReceived;
  }

  /** The peer has ended its side: the response is whole. */
  get endStreamReceived(): boolean {
    return this.#endStreamReceived;
  }

  /**
   * Our END_STREAM has left, and the whole request with it. No answer overtakes `finish`: Node's session reads nothing while it writes. And
   * what the peer has reset is `aborted`, although Node ends it too.
   */
  get endStreamSent(): boolean {
    return this.stream.writableFinished && !this.stream.aborted;
  }

  /** The code of the peer's RST_STREAM; undefined when it sent none, or when we were first. */
  get peerResetCode(): number | undefined {
    const { stream } = this;
    const closed = this.#closedBeforeDestroy ?? stream.closed;
    const whole = this.#endStreamReceived && stream.rstCode === constants.NGHTTP2_NO_ERROR;
    return closed && !this.#resetByUs && !whole ? stream.rstCode : undefined;
  }

  /** Body bytes that flow control or the socket has not taken yet. */
  get queuedBytes(): number {
    return this.stream.writableLength;
  }

  /**
   * The exchange is over: cancels what is left of the stream and tells the observer nothing more. Node's session keeps its streams
   * in a Map, through which the collector holds most of them for long (see `DenseSet`): the exchange must not hang on them.
   */
  leave(): void {
    this.cancel();
    this.#observer = undefined;
  }

  /**
   * Resets the stream with CANCEL unless both sides have ended. Destroying it through an abort signal is the one public
   * way to send RST_STREAM(CANCEL) without END_STREAM before it.
   */
  cancel(): void {
    const { stream } = this;
    if (stream.destroyed || stream.closed) return;
    if (this.#endStreamReceived && stream.writableFinished) return;
    this.#resetByUs = true;
    stream.on('error', () => undefined);
    const controller = new AbortController();
    addAbortSignal(controller.signal, stream);
    controller.abort();
  }
}
