/** How often and how long a request is retried. Times are milliseconds. */
export interface RetryPolicy {
  /** Attempts after the first. */
  readonly maxRetries: number;
  /** Statuses worth another attempt; every other one from 300 on is final. */
  readonly retryStatusCodes: readonly number[];
  /** The longest possible wait before the first retry, before jitter. */
  readonly backoffBaseMs: number;
  /** Each further retry may wait this many times longer. */
  readonly backoffFactor: number;
  /** No single wait is longer, whatever the upstream asks for, but for the rest of a pool's keys: nothing can go before its end. */
  readonly backoffMaxMs: number;
  /** All waits of one request together. An upstream that asks for more ends the request at once. */
  readonly budgetMs: number;
  /**
   * Statuses on which a billable request is resent although the upstream may have acted on it. They must be among
   * `retryStatusCodes` too. 401, 403, 429 and a 503 with Retry-After (see `trustUnavailable`) need no entry: they say that
   * nothing was done.
   */
  readonly billableRetryStatusCodes: readonly number[];
  /** Whether a billable request is resent when nobody knows if it arrived: faster, and sometimes paid for twice. */
  readonly billableRetryUnknown: boolean;
  /**
   * Whether a billable request that had left whole is resent after REFUSED_STREAM. RFC 9113 says that the peer did nothing;
   * proxies say it also when they do not know. Safe when no proxy stands before the upstream.
   */
  readonly trustRefusedStream: boolean;
  /**
   * Whether a 503 with Retry-After proves that nothing was done, so that a billable request goes again at the time named. RFC 9110
   * section 15.6.4 has it so; some proxies (Varnish) also say it when the connection behind them broke after the work.
   */
  readonly trustUnavailable: boolean;
}

export const DEFAULT_RETRY_POLICY: RetryPolicy = Object.freeze({
  maxRetries: 3,
  retryStatusCodes: Object.freeze([401, 403, 408, 425, 429, 500, 502, 503, 504]),
  backoffBaseMs: 500,
  backoffFactor: 2,
  backoffMaxMs: 30_000,
  budgetMs: 90_000,
  billableRetryStatusCodes: Object.freeze([]),
  billableRetryUnknown: false,
  trustRefusedStream: false,
  trustUnavailable: true,
});
