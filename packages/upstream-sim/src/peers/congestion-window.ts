/** The retransmission timeout beyond the round trip, below which Linux never goes (TCP_RTO_MIN). Milliseconds. */
const RTO_MIN_MS = 200;

/**
 * What a TCP sender may have on its way unacknowledged: it begins small, grows by what is acknowledged, which doubles it every round
 * trip (slow start, RFC 5681 section 3.1), and begins anew when nothing was sent for a retransmission timeout (section 4.1).
 * Nothing is ever lost here, so that it is never cut, and its growth has no end.
 */
export class CongestionWindow {
  readonly #firstBytes: number;
  readonly #restartAfterMs: number;
  #bytes: number;
  #inFlight = 0;
  #lastSentAt = Number.NEGATIVE_INFINITY;

  constructor(firstBytes: number, roundTripMs: number) {
    this.#firstBytes = firstBytes;
    this.#bytes = firstBytes;
    this.#restartAfterMs = roundTripMs + RTO_MIN_MS;
  }

  /** How many bytes may leave at `now`, in milliseconds of any clock. */
  room(now: number): number {
    if (this.#inFlight === 0 && now - this.#lastSentAt > this.#restartAfterMs) this.#bytes = this.#firstBytes;
    return Math.max(0, this.#bytes - this.#inFlight);
  }

  sent(bytes: number, now: number): void {
    this.#inFlight += bytes;
    this.#lastSentAt = now;
  }

  acknowledged(bytes: number): void {
    this.#inFlight -= bytes;
    this.#bytes += bytes;
  }
}
