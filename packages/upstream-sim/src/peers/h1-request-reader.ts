/** What a client's HTTP/1.1 bytes mean (RFC 9112), as far as a peer needs to know: where requests begin and end. */
export interface RequestSink {
  /** A request head has arrived. */
  head(lines: readonly string[]): void;
  body(bytes: Buffer): void;
  /** The request is whole. */
  end(): void;
}

type State =
  | { readonly at: 'head' }
  | { readonly at: 'fixed'; left: number }
  | { readonly at: 'chunk-size' }
  | { readonly at: 'chunk'; left: number }
  | { readonly at: 'trailers' };

const NOTHING: Buffer = Buffer.alloc(0);

export class RequestReader {
  readonly #sink: RequestSink;
  #rest: Buffer = NOTHING;
  #state: State = { at: 'head' };

  constructor(sink: RequestSink) {
    this.#sink = sink;
  }

  read(chunk: Buffer): void {
    this.#rest = this.#rest.byteLength === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    while (this.#step());
  }

  /** Takes one part of the message; false when more bytes are needed for the next. */
  #step(): boolean {
    const state = this.#state;
    switch (state.at) {
      case 'head':
        return this.#head();
      case 'fixed':
        state.left -= this.#take(state.left);
        return state.left === 0 ? this.#end() : false;
      case 'chunk-size': {
        const line = this.#line();
        if (line === undefined) return false;
        const size = Number.parseInt(line, 16);
        this.#state = size === 0 ? { at: 'trailers' } : { at: 'chunk', left: size };
        return true;
      }
      case 'chunk':
        state.left -= this.#take(state.left);
        if (state.left > 0 || this.#rest.byteLength < 2) return false;
        this.#rest = this.#rest.subarray(2);
        this.#state = { at: 'chunk-size' };
        return true;
      case 'trailers': {
        const line = this.#line();
        if (line === undefined) return false;
        return line === '' ? this.#end() : true;
      }
    }
  }

  #head(): boolean {
    const end = this.#rest.indexOf('\r\n\r\n');
    if (end < 0) return false;
    const lines = this.#rest.toString('latin1', 0, end).split('\r\n');
    this.#rest = this.#rest.subarray(end + 4);
    const value = (name: string) =>
      lines
        .find((line) => line.toLowerCase().startsWith(`${name}:`))
        ?.slice(name.length + 1)
        .trim();
    this.#sink.head(lines);
    if (value('transfer-encoding') === 'chunked') this.#state = { at: 'chunk-size' };
    else this.#state = { at: 'fixed', left: Number(value('content-length') ?? 0) };
    return true;
  }

  #take(atMost: number): number {
    const bytes = this.#rest.subarray(0, atMost);
    this.#rest = this.#rest.subarray(bytes.byteLength);
    if (bytes.byteLength > 0) this.#sink.body(bytes);
    return bytes.byteLength;
  }

  #line(): string | undefined {
    const end = this.#rest.indexOf('\r\n');
    if (end < 0) return undefined;
    const line = this.#rest.toString('latin1', 0, end);
    this.#rest = this.#rest.subarray(end + 2);
    return line;
  }

  #end(): boolean {
    this.#state = { at: 'head' };
    this.#sink.end();
    return this.#rest.byteLength > 0;
  }
}
