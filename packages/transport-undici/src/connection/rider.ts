import type { ClientHttp2Stream } from 'node:http2';
import type { Placed, RetireReason } from '@ferry/core';

/** One exchange, as its connection sees it. */
export interface Rider extends Placed {
  /** Its turn has come: it is to be dispatched, now. */
  depart(): void;
  /** The one stream of this exchange has been opened. */
  onStream(stream: ClientHttp2Stream): void;
  /** Its stream could not be opened, for a reason of its own or because the connection had just ended. */
  onNoStream(error: Error): void;
  /** GOAWAY came (RFC 9113 section 6.8): streams above `lastStreamId` were provably not acted upon. */
  onGoaway(code: number, lastStreamId: number): void;
  /** The connection is gone, or is being destroyed by us for `reason`. */
  onConnectionEnd(reason: RetireReason): void;
}
