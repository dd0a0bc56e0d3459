/**
 * The way to the peer and back, by the shortest measure: a handshake counts the work of two busy machines, too, and a PING waits behind
 * the bodies of others.
 */
export class RoundTrips {
  #shortestMs: number | undefined;
  #toPeerMs: number | undefined;

  /** Milliseconds; 0 before anything was measured. */
  get shortestMs(): number {
    return this.#shortestMs ?? 0;
  }

  /** Milliseconds to whoever ends HTTP/2 and back; undefined before such a way was measured. */
  get toPeerMs(): number | undefined {
    return this.#toPeerMs;
  }

  /** @param endToEnd to whoever ends HTTP/2, and not only to a proxy or a load balancer. */
  note(ms: number, endToEnd: boolean): void {
    this.#shortestMs = Math.min(ms, this.#shortestMs ?? ms);
    if (endToEnd) this.#toPeerMs = Math.min(ms, this.#toPeerMs ?? ms);
  }
}
