import { constants } from 'node:http2';
import type { Wire } from '../wire/wire.ts';
import { type Fault, h2CodeNumber } from './fault.ts';

/** A fault that does something to the stream or the connection. */
export type Blow = Extract<Fault, { readonly kind: 'rst' | 'goaway' | 'destroy' }>;

export interface Struck {
  /** What was really done, for the ledger. */
  readonly effect: string;
  /** Whether the exchange is over by it. */
  readonly ends: boolean;
}

/** Does it to the wire, now. */
export function strike(wire: Wire, blow: Blow): Struck {
  switch (blow.kind) {
    case 'rst':
      if (wire.resetStream(h2CodeNumber(blow.code))) return { effect: `RST_STREAM ${blow.code}`, ends: true };
      wire.resetConnection();
      return { effect: `TCP RST in place of RST_STREAM ${blow.code}: HTTP/1.1 has no streams`, ends: true };
    case 'destroy':
      if (blow.how === 'rst') wire.resetConnection();
      else wire.finConnection();
      return { effect: blow.how === 'rst' ? 'TCP RST' : 'FIN', ends: true };
    case 'goaway':
      return goaway(wire, blow);
  }
}

function goaway(wire: Wire, { code, refuse }: Extract<Blow, { kind: 'goaway' }>): Struck {
  const { streamId } = wire;
  if (streamId === undefined) {
    wire.finConnection();
    return { effect: `FIN in place of GOAWAY ${code}: HTTP/1.1 has none`, ends: true };
  }
  const number = h2CodeNumber(code);
  // A stream above the last one is declared not processed (RFC 9113 section 6.8). Those that were begun may be: none of them may
  // lie above it, or a client would rightly send again what has been done.
  const highest = Math.max(streamId, wire.connection.highestStream);
  if (refuse) {
    // Node takes last-stream-id 0 as "the last one processed", so the first stream cannot be refused by GOAWAY alone.
    // REFUSED_STREAM is the same proof (RFC 9113 section 8.7).
    wire.goaway(number, highest > streamId ? highest : Math.max(0, streamId - 2));
    wire.resetStream(constants.NGHTTP2_REFUSED_STREAM);
    return { effect: `GOAWAY ${code} and RST_STREAM REFUSED_STREAM on stream ${streamId}`, ends: true };
  }
  wire.goaway(number, highest);
  if (code === 'NO_ERROR') return { effect: `GOAWAY NO_ERROR, last stream ${highest}`, ends: false };
  // After an error a server does not wait for its streams; the frame must leave before the FIN.
  setImmediate(() => wire.finConnection());
  return { effect: `GOAWAY ${code}, last stream ${highest}, then FIN`, ends: true };
}
