/** HTTP/2 frames as bytes (RFC 9113 section 4 and 6), and HPACK in its one form that needs no table. */

/** Frame types by number. */
export const FRAME = {
  DATA: 0,
  HEADERS: 1,
  RST_STREAM: 3,
  SETTINGS: 4,
  PUSH_PROMISE: 5,
  PING: 6,
  GOAWAY: 7,
  WINDOW_UPDATE: 8,
  CONTINUATION: 9,
} as const;

export const FLAG = { ACK: 1, END_STREAM: 1, END_HEADERS: 4, PADDED: 8 } as const;

/** SETTINGS by number (section 6.5.2). */
export const SETTING = { MAX_CONCURRENT_STREAMS: 3, INITIAL_WINDOW_SIZE: 4 } as const;

/** Error codes by number (section 7). */
export const CODE = {
  NO_ERROR: 0,
  PROTOCOL_ERROR: 1,
  INTERNAL_ERROR: 2,
  REFUSED_STREAM: 7,
  CANCEL: 8,
  ENHANCE_YOUR_CALM: 11,
  HTTP_1_1_REQUIRED: 13,
} as const;

/** What a client sends first (section 3.4). */
const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';

export interface H2Frame {
  readonly type: number;
  readonly flags: number;
  readonly streamId: number;
  readonly payload: Buffer;
}

/** Any frame at all: nothing is checked. */
export function frame(
  type: number,
  flags: number,
  streamId: number,
  payload: Uint8Array = Buffer.alloc(0),
): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.byteLength, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(streamId, 5);
  return Buffer.concat([head, payload]);
}

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

export type SettingPair = readonly [id: number, value: number];

export function settingsFrame(values: readonly SettingPair[]): Buffer {
  const pairs = values.map(([id, value]) => Buffer.concat([Buffer.from([id >> 8, id & 255]), uint32(value)]));
  return frame(FRAME.SETTINGS, 0, 0, Buffer.concat(pairs));
}

/** DATA, with so many bytes of padding and their length when `padding` is given (section 6.1). */
export function dataFrame(
  streamId: number,
  bytes: Uint8Array,
  options: { readonly end?: boolean; readonly padding?: number } = {},
): Buffer {
  const { end = false, padding } = options;
  const flags = (end ? FLAG.END_STREAM : 0) | (padding === undefined ? 0 : FLAG.PADDED);
  if (padding === undefined) return frame(FRAME.DATA, flags, streamId, bytes);
  return frame(
    FRAME.DATA,
    flags,
    streamId,
    Buffer.concat([Buffer.from([padding]), bytes, Buffer.alloc(padding)]),
  );
}

/** A header block of literals without indexing (RFC 7541 section 6.2.2). Names and values are ASCII. */
export function headerBlock(fields: Readonly<Record<string, string>>): Buffer {
  return Buffer.concat(
    Object.entries(fields).map(([name, value]) =>
      Buffer.concat([Buffer.from([0]), hpackString(name), hpackString(value)]),
    ),
  );
}

function hpackString(text: string): Buffer {
  return Buffer.concat([hpackInteger(text.length), Buffer.from(text, 'latin1')]);
}

/** RFC 7541 section 5.1 with a prefix of seven bits. */
function hpackInteger(value: number): Buffer {
  if (value < 127) return Buffer.from([value]);
  const bytes = [127];
  let rest = value - 127;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  bytes.push(rest);
  return Buffer.from(bytes);
}

/** Cuts a client's bytes into frames. The preface is taken off first. */
export class FrameReader {
  #rest: Buffer = Buffer.alloc(0);
  #prefaceSeen = false;

  *read(chunk: Buffer): Generator<H2Frame, void, undefined> {
    this.#rest = this.#rest.byteLength === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    if (!this.#prefaceSeen) {
      if (this.#rest.byteLength < PREFACE.length) return;
      this.#rest = this.#rest.subarray(PREFACE.length);
      this.#prefaceSeen = true;
    }
    while (this.#rest.byteLength >= 9) {
      const end = 9 + this.#rest.readUIntBE(0, 3);
      if (this.#rest.byteLength < end) return;
      const next = {
        type: this.#rest[3] ?? 0,
        flags: this.#rest[4] ?? 0,
        streamId: this.#rest.readUInt32BE(5) & 0x7fffffff,
        payload: this.#rest.subarray(9, end),
      };
      this.#rest = this.#rest.subarray(end);
      yield next;
    }
  }
}
