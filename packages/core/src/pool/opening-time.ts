/** TCP and TLS 1.3 take a round trip each (RFC 8446 section 2): twice the usual time has room for a lost packet. */
const SLOW_FACTOR = 2;
/** Node gives each address as long before it tries the next one (`autoSelectFamilyAttemptTimeout`). */
const MIN_SLOW_MS = 250;
/** While nothing is known: Linux and RFC 6298 section 2.1 wait as long before they repeat a SYN. */
const UNKNOWN_SLOW_MS = 1_000;
/** The weight of a new sample, as in RFC 6298 section 2.3. */
const SMOOTHING = 1 / 8;

/**
 * How long a connection may take to be opened before nobody counts on it, in milliseconds.
 * @param usualMs what opening one to the same origin took so far, if that is known.
 */
export function slowConnectAfter(usualMs: number | undefined): number {
  return usualMs === undefined ? UNKNOWN_SLOW_MS : Math.max(MIN_SLOW_MS, SLOW_FACTOR * usualMs);
}

/** What opening a connection to one origin usually takes: DNS, TCP, a proxy's tunnel and TLS together. */
export class OpeningTime {
  #usualMs: number | undefined;

  get slowConnectMs(): number {
    return slowConnectAfter(this.#usualMs);
  }

  /** @param tookMs monotonic: what a suspended machine slept is no part of it. */
  note(tookMs: number): void {
    const before = this.#usualMs ?? tookMs;
    this.#usualMs = before + SMOOTHING * (tookMs - before);
  }
}
