/** The longest answer to CONNECT that is read, in bytes: what Node allows for the head of a response. */
export const MAX_REPLY_BYTES: number = 16 * 1024;

export type ConnectReply =
  /** The head is not complete. */
  | { readonly type: 'partial' }
  /** `rest` holds the bytes after the head; after a status of 2xx they are the target's. */
  | { readonly type: 'status'; readonly status: number; readonly rest: Buffer }
  | { readonly type: 'not-http' }
  | { readonly type: 'too-long' };

const BEGINNING = Buffer.from('HTTP/1.');
const STATUS_LINE = /^HTTP\/1\.[01] ([1-5]\d\d)(?: [^\r\n]*)?\r?$/;

/**
 * Reads as much of the answer to CONNECT as has arrived. Interim answers (1xx) are passed over; content-length and
 * transfer-encoding of a 2xx have no meaning (RFC 9110 section 9.3.6). A bare LF ends a line too (RFC 9112 section 2.2).
 */
export function readConnectReply(received: Buffer): ConnectReply {
  let from = 0;
  for (;;) {
    const known = received.subarray(from, from + BEGINNING.byteLength);
    if (!BEGINNING.subarray(0, known.byteLength).equals(known)) return { type: 'not-http' };
    const end = endOfHead(received, from);
    if ((end ?? received.byteLength) > MAX_REPLY_BYTES) return { type: 'too-long' };
    if (end === undefined) return { type: 'partial' };
    const line = received.toString('latin1', from, received.indexOf('\n', from));
    const status = STATUS_LINE.exec(line)?.[1];
    if (status === undefined) return { type: 'not-http' };
    if (!status.startsWith('1')) {
      return { type: 'status', status: Number(status), rest: received.subarray(end) };
    }
    from = end;
  }
}

/** The first byte after the empty line. */
function endOfHead(bytes: Buffer, from: number): number | undefined {
  for (let lf = bytes.indexOf('\n', from); lf >= 0; lf = bytes.indexOf('\n', lf + 1)) {
    const next = bytes.subarray(lf + 1, lf + 3).toString('latin1');
    if (next.startsWith('\n')) return lf + 2;
    if (next === '\r\n') return lf + 3;
  }
  return undefined;
}
