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

/** Of the overloads, those that are used. */
type Write = (this: ClientHttp2Stream, chunk: unknown, onTaken?: Taken) => boolean;
type End = (this: ClientHttp2Stream, chunk: unknown) => ClientHttp2Stream;

/**
 * The HTTP/2 stream under one exchange. undici resolves truncated responses as whole ones and ends abandoned uploads as
 * if they were whole; the stream itself knows better, and this is where it is asked and where it is ended.
 */
export class CapturedStream implements PieceSink {
  readonly stream: ClientHttp2Stream;
  readonly #write: Write;
  readonly #end: End;
  #observer: StreamObserver | undefined;
  #endStreamReceived = false;
  #bytesReceived = 0;
  #resetByUs = false;
  #closedBeforeDestroy: boolean | undefined;
  #lastPieceNext = false;
  #feed: MemoryFeed | undefined;

  constructor(stream: ClientHttp2Stream, observer: StreamObserver) {
    this.stream = stream;
    this.#observer = observer;
    const { push, destroy } = stream;
    this.#write = stream.write;
    this.#end = stream.end;
    // Node pushes null both for the peer's END_STREAM and when a reset ends the stream; in the second case the stream is
    // closed already. `readableEnded` would come too late for a consumer that reads slowly.
    stream.push = (chunk: unknown, encoding?: BufferEncoding) => {
      if (chunk !== null) this.#bytesReceived += (chunk as Uint8Array).byteLength;
      else if (!stream.closed) this.#onEndStream();
      return push.call(stream, chunk, encoding);
    };
    // undici closes abandoned streams with code 0, and closing ends the writable side first: the peer would see
    // END_STREAM, that is a whole but short upload, and only then the reset.
    stream.close = () => this.cancel();
    // A RST_STREAM closes the stream and then destroys it; a dying session destroys it and makes up a code.
    stream.destroy = (error?: Error) => {
      this.#closedBeforeDestroy ??= stream.closed;
      return destroy.call(stream, error);
    };
    stream.write = (chunk: unknown) => {
      if (this.#feed !== undefined) {
        this.#start(this.#feed);
        return true;
      }
      const roomForMore = this.#write.call(stream, chunk);
      return roomForMore || this.#lastPieceNext;
    };
    // undici resends a bodiless request whose HEADERS could not be sent after a GOAWAY: it must have failed before.
    stream.prependListener('frameError', (type: number) =>
      this.#observer?.onFrameError(type === HEADERS_FRAME),
    );
    stream.prependListener('error', (error: Error) => {
      if (this.peerResetCode === REFUSED_STREAM) this.#observer?.onRefused(error);
    });
    if (stream.writableFinished) observer.onRequestFlushed();
    else stream.on('finish', () => this.#observer?.onRequestFlushed());
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
    this.#write.call(this.stream, piece, onTaken);
  }

  end(piece: Uint8Array): void {
    this.#end.call(this.stream, piece);
  }

  #start(feed: MemoryFeed): void {
    const { stream } = this;
    this.#feed = undefined;
    feed.start(this);
    // undici ends the stream right behind its write(). Whoever ends it later, such as Node after a RST_STREAM, means it.
    stream.end = () => {
      stream.end = this.#end;
      return stream;
    };
  }

  /**
   * The answer is whole, though a slow reader may have a part of it still before him. undici reads nothing more once it hears of trailers
   * or of the end of the upload (RFC 9113 section 8.1), and Node tells of both ahead of what it holds: so it must not hear of them.
   */
  #onEndStream(): void {
    this.#endStreamReceived = true;
    this.stream.removeAllListeners('trailers').removeAllListeners('aborted');
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
