/**
 * The way to whoever ends HTTP/2 and back, by the shortest measure: a handshake counts the work of two busy machines, too, a PING waits
 * behind the bodies of others, and an answer for its own.
 */
export class RoundTrips {
  #toPeerMs: number | undefined;
  #toNextHopMs: number | undefined;

  /** The best there is, in milliseconds: to the next hop while nothing else was measured, 0 before that. */
  get ms(): number {
    return this.#toPeerMs ?? this.#toNextHopMs ?? 0;
  }

  /** Milliseconds; undefined while only the next hop was heard. */
  get toPeerMs(): number | undefined {
    return this.#toPeerMs;
  }

  /** @param endToEnd whether it led to whoever ends HTTP/2, and not only to a proxy or a load balancer, which may be much nearer. */
  note(ms: number, endToEnd: boolean): void {
    if (endToEnd) this.#toPeerMs = Math.min(ms, this.#toPeerMs ?? ms);
    else this.#toNextHopMs = ms;
  }

  /** A request has been answered in so many milliseconds: the way is no longer. By itself that measures the peer's work, not the way. */
  atMost(ms: number): void {
    if (this.#toPeerMs !== undefined) this.note(ms, true);
  }
}
