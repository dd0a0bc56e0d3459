import type { Clock } from '@ferry/core';
import type { ConnectionFacts } from './admission.ts';
import { elapsed, instant } from './connection.ts';

/** TCP and TLS 1.3 take one round trip each, a proxy two more (RFC 8446 section 2, RFC 9110 section 9.3.6). */
const SLOW_ROUND_TRIPS = 4;
/** Node gives each address as long before it tries the next one (`autoSelectFamilyAttemptTimeout`). */
const MIN_SLOW_MS = 250;
/** While no round trip is known: Linux and RFC 6298 section 2.1 wait as long before they repeat a SYN. */
const UNKNOWN_SLOW_MS = 1_000;
/** The weight of a new sample, as in RFC 6298 section 2.3. */
const SMOOTHING = 1 / 8;

/**
 * How long a connection may take to be opened before nobody counts on it, in milliseconds.
 * @param roundTripMs the usual round trip to the origin, if one has been measured.
 */
export function slowConnectAfter(roundTripMs: number | undefined): number {
  return roundTripMs === undefined ? UNKNOWN_SLOW_MS : Math.max(MIN_SLOW_MS, SLOW_ROUND_TRIPS * roundTripMs);
}

/** Knows when a connection to one origin is slow to open, and tells that moment to those who count on it. */
export class SlowConnects {
  readonly #clock: Clock;
  #roundTripMs: number | undefined;
  #cancel: (() => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get slowConnectMs(): number {
    return slowConnectAfter(this.#roundTripMs);
  }

  noteRoundTrip(rttMs: number): void {
    const before = this.#roundTripMs ?? rttMs;
    this.#roundTripMs = before + SMOOTHING * (rttMs - before);
  }

  /**
   * Calls back once when the next of these connections becomes slow. Replaces what was watched before; nothing is with an
   * empty list. The timer does not keep the process alive: whoever waits does so by a limit of its own.
   */
  watch(connections: readonly ConnectionFacts[], onSlow: () => void): void {
    this.#cancel?.();
    this.#cancel = undefined;
    const now = instant(this.#clock);
    const left = connections
      .filter(({ state }) => state === 'connecting')
      .map(({ connectingSince }) => this.slowConnectMs - elapsed(connectingSince, now))
      .filter((ms) => ms > 0);
    if (left.length === 0) return;
    const onDue = () => {
      this.#cancel = undefined;
      onSlow();
    };
    this.#cancel = this.#clock.after(Math.ceil(Math.min(...left)), onDue, { keepAlive: false });
  }
}
