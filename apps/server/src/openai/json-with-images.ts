/** Reads JSON whose strings may be as long as pictures: data URIs are handed out as they come in, the rest is kept. */
import { badRequest } from '../errors/gateway-error.ts';

export type JsonPart =
  | {
      readonly kind: 'data-uri';
      /** What stands in the text in its place. */
      readonly placeholder: string;
      /** Its place in the innermost list around it. */
      readonly index: number;
      /** All before it, cut in the middle. */
      readonly textSoFar: string;
      /** The URI's own text. To be read to its end before the next part is asked for. */
      readonly bytes: AsyncIterable<Uint8Array>;
    }
  /** The JSON without its data URIs. The last part. */
  | { readonly kind: 'text'; readonly text: string };

/** Enough to tell `data:image/png;` from a prompt that begins with the word. */
const HEAD_BYTES = 40;
const DATA_URI = /^data:([\w.+-]+(\\?\/)|;|,)/i;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const SLASH = 0x2f;
const COMMA = 0x2c;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/**
 * Cuts every string that is a data URI out of a JSON text. Whether the rest is JSON at all is for its parser to say.
 * @param maxTextBytes of the text without data URIs.
 * @throws GatewayError 400 for a text that is cut short, 413 for one that is too long; what `source` throws.
 */
export async function* jsonWithImages(
  source: AsyncIterable<Uint8Array>,
  maxTextBytes: number,
): AsyncGenerator<JsonPart, void, undefined> {
  const iterator = source[Symbol.asyncIterator]();
  try {
    yield* parts(new Input(iterator), new Text(maxTextBytes));
  } finally {
    // A stream that is left without it keeps its listener, and whoever reads the rest of it waits for ever.
    await iterator.return?.();
  }
}

async function* parts(input: Input, text: Text): AsyncGenerator<JsonPart, void, undefined> {
  let uris = 0;
  while (await input.fill(1)) {
    const quote = input.head.indexOf(QUOTE);
    if (quote !== 0) {
      text.outside(input.take(quote < 0 ? input.head.byteLength : quote));
      continue;
    }
    await input.fill(HEAD_BYTES);
    if (!DATA_URI.test(input.head.toString('latin1', 1, HEAD_BYTES))) {
      text.inside(input.take(1));
      for await (const bytes of stringBytes(input)) text.inside(bytes);
      text.inside(Buffer.of(QUOTE));
      continue;
    }
    input.take(1);
    uris += 1;
    const placeholder = `data:,${uris}`;
    const bytes = unescaped(stringBytes(input));
    yield { kind: 'data-uri', placeholder, index: text.index, textSoFar: text.toString(), bytes };
    text.inside(Buffer.from(JSON.stringify(placeholder)));
  }
  yield { kind: 'text', text: text.toString() };
}

/** What has come and is not used up. */
class Input {
  readonly #source: AsyncIterator<Uint8Array>;
  #head: Buffer = Buffer.alloc(0);

  constructor(source: AsyncIterator<Uint8Array>) {
    this.#source = source;
  }

  get head(): Buffer {
    return this.#head;
  }

  /** Waits until so many bytes are here; false when the source ends before. */
  async fill(bytes: number): Promise<boolean> {
    while (this.#head.byteLength < bytes) {
      const { done, value } = await this.#source.next();
      if (done) return false;
      const chunk = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
      this.#head = this.#head.byteLength === 0 ? chunk : Buffer.concat([this.#head, chunk]);
    }
    return true;
  }

  take(bytes: number): Buffer {
    const taken = this.#head.subarray(0, bytes);
    this.#head = this.#head.subarray(bytes);
    return taken;
  }
}

/** The bytes of a string whose opening quote is used up, as they are written; its closing quote is used up too. */
async function* stringBytes(input: Input): AsyncGenerator<Buffer, void, undefined> {
  while (await input.fill(1)) {
    const { head } = input;
    const backslash = head.indexOf(BACKSLASH);
    // Only up to there: some encoders escape every slash, and the rest would be searched anew after each.
    const plain = backslash < 0 ? head : head.subarray(0, backslash);
    const quote = plain.indexOf(QUOTE);
    const end = quote < 0 ? plain.byteLength : quote;
    if (end > 0) {
      yield input.take(end);
    } else if (quote === 0) {
      input.take(1);
      return;
    } else if (await input.fill(2)) {
      yield input.take(2);
    } else {
      break;
    }
  }
  throw badRequest('The JSON is cut short.', { code: 'invalid_json' });
}

/** Data URIs need no escapes; what some encoders write nevertheless is the slash. Others leave a character no base64 has. */
async function* unescaped(pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, undefined> {
  for await (const piece of pieces) {
    yield piece[0] === BACKSLASH && piece.byteLength === 2 && piece[1] === SLASH ? piece.subarray(1) : piece;
  }
}

/** The text without data URIs, and where in its lists it stands. */
class Text {
  readonly #maxBytes: number;
  readonly #pieces: Buffer[] = [];
  /** What is open, the innermost last. */
  readonly #open: { readonly list: boolean; commas: number }[] = [];
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** How many members the innermost open list has before this one. */
  get index(): number {
    return this.#open.findLast(({ list }) => list)?.commas ?? 0;
  }

  outside(bytes: Buffer): void {
    for (const byte of bytes) this.#structure(byte);
    this.inside(bytes);
  }

  inside(bytes: Buffer): void {
    this.#bytes += bytes.byteLength;
    if (this.#bytes > this.#maxBytes) {
      throw badRequest(`The JSON is longer than ${this.#maxBytes} bytes, data URIs not counted.`, {
        status: 413,
        code: 'request_too_large',
      });
    }
    // A copy: the chunk it came in may be large.
    this.#pieces.push(Buffer.from(bytes));
  }

  toString(): string {
    return Buffer.concat(this.#pieces).toString('utf8');
  }

  #structure(byte: number): void {
    switch (byte) {
      case OPEN_LIST:
      case OPEN_OBJECT:
        this.#open.push({ list: byte === OPEN_LIST, commas: 0 });
        break;
      case CLOSE_LIST:
      case CLOSE_OBJECT:
        this.#open.pop();
        break;
      case COMMA: {
        const innermost = this.#open.at(-1);
        if (innermost !== undefined) innermost.commas += 1;
        break;
      }
    }
  }
}
