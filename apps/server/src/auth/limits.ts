/** How much a caller may ask for: wrong keys, requests a minute, requests at once. */
import { RateLimiterMemory, type RateLimiterRes } from 'rate-limiter-flexible';
import { GatewayError } from '../errors/gateway-error.ts';

/** Wrong keys from one address within a minute, before it has to wait. */
const WRONG_KEYS = 5;
const WRONG_KEYS_WAIT_S = 30;

/** Slows down who guesses keys. A right key waits too, or the guesser would know it by that. */
export class WrongKeys {
  readonly #limiter = new RateLimiterMemory({
    points: WRONG_KEYS,
    duration: 60,
    blockDuration: WRONG_KEYS_WAIT_S,
  });

  /**
   * For a key that is known.
   * @throws GatewayError 429 while the address has to wait.
   */
  async check(address: string): Promise<void> {
    const found = await this.#limiter.get(networkOf(address));
    if (found !== null && found.consumedPoints > WRONG_KEYS) throw tooManyAttempts(found.msBeforeNext);
  }

  /**
   * For a key that is not. It counts before it waits for anything: requests that come in one packet are all begun before the
   * first of them goes on.
   * @throws GatewayError 429 while the address has to wait.
   */
  async count(address: string): Promise<void> {
    try {
      await this.#limiter.consume(networkOf(address));
    } catch (refused) {
      throw tooManyAttempts((refused as RateLimiterRes).msBeforeNext);
    }
  }
}

/** Requests a minute, by caller. */
export class RequestRate {
  readonly #limiters = new Map<number, RateLimiterMemory>();
  readonly #byDefault: number;

  /** @param byDefault Requests a minute for callers without a number of their own; 0 for no limit. */
  constructor(byDefault: number) {
    this.#byDefault = byDefault;
  }

  /** @throws GatewayError 429 when the caller has had its requests of this minute. */
  async take(caller: string, requestsPerMinute: number = this.#byDefault): Promise<void> {
    if (requestsPerMinute === 0) return;
    let limiter = this.#limiters.get(requestsPerMinute);
    if (limiter === undefined) {
      limiter = new RateLimiterMemory({ points: requestsPerMinute, duration: 60 });
      this.#limiters.set(requestsPerMinute, limiter);
    }
    try {
      await limiter.consume(caller);
    } catch (refused) {
      throw new GatewayError(`This caller may send ${requestsPerMinute} requests a minute.`, {
        status: 429,
        type: 'rate_limit_error',
        code: 'rate_limit_exceeded',
        retryAfterMs: (refused as RateLimiterRes).msBeforeNext,
      });
    }
  }
}

/** Requests at once, by caller. */
export class RequestsAtOnce {
  readonly #running = new Map<string, number>();

  /**
   * @returns what gives the place back; to be called once.
   * @throws GatewayError 429 when all of the caller's places are taken.
   */
  enter(caller: string, most: number): () => void {
    const running = this.#running.get(caller) ?? 0;
    if (running >= most) {
      throw new GatewayError(`This caller may have ${most} requests at once.`, {
        status: 429,
        type: 'rate_limit_error',
        code: 'concurrency_limit_exceeded',
        retryAfterMs: 1_000,
      });
    }
    this.#running.set(caller, running + 1);
    return () => {
      const left = (this.#running.get(caller) ?? 1) - 1;
      if (left === 0) this.#running.delete(caller);
      else this.#running.set(caller, left);
    };
  }
}

function tooManyAttempts(retryAfterMs: number): GatewayError {
  return new GatewayError('Too many wrong keys from this address.', {
    status: 429,
    type: 'rate_limit_error',
    code: 'too_many_attempts',
    retryAfterMs,
  });
}

/**
 * Whom an address is counted as. An IPv6 host has a whole /64 to send from: it is counted as one (RFC 4291 section 2.5.4). An
 * IPv4 address is the same as a socket of both families shows it, `::ffff:192.0.2.1`.
 */
export function networkOf(address: string): string {
  if (!address.includes(':')) return address;
  if (address.includes('.')) return address.slice(address.lastIndexOf(':') + 1);
  const [head = ''] = address.split('%', 1);
  const [left = '', right] = head.split('::');
  const groups = left === '' ? [] : left.split(':');
  if (right !== undefined) {
    const tail = right === '' ? 0 : right.split(':').length;
    groups.push(...Array<string>(Math.max(0, 8 - groups.length - tail)).fill('0'));
  }
  return `${groups.slice(0, 4).join(':')}::/64`;
}
