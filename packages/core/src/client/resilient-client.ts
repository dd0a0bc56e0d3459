import { type Logger, silentLogger } from '../log.ts';
import type { Random } from '../retry/backoff.ts';
import { RetryBudget } from '../retry/retry-budget.ts';
import { RetryEngine } from '../retry/retry-engine.ts';
import { DEFAULT_RETRY_POLICY, type RetryPolicy } from '../retry/retry-policy.ts';
import type { EngineAnswer } from '../retry/retry-run.ts';
import { UnfoundedResets } from '../retry/unfounded-resets.ts';
import { type Clock, systemClock } from '../time/clock.ts';
import { type AttemptLimits, DEFAULT_ATTEMPT_LIMITS } from '../transport/transport.ts';
import { toAnswer, toOpenAnswer } from './answer.ts';
import type { Answer, LogicalRequest, OpenAnswer, TransportChoice } from './request.ts';
import { runAttempt } from './run-attempt.ts';

export interface ResilientClientOptions {
  /** Closed with the client. */
  readonly transports: TransportChoice;
  /** Parts of `DEFAULT_RETRY_POLICY` to replace. */
  readonly policy?: Partial<RetryPolicy>;
  /** Parts of `DEFAULT_ATTEMPT_LIMITS` to replace; a request may replace them again. */
  readonly limits?: Partial<AttemptLimits>;
  /** Default one of the client's own; share one among clients of the same upstream. */
  readonly budget?: RetryBudget;
  readonly logger?: Logger;
  readonly clock?: Clock;
  readonly random?: Random;
}

/**
 * Sends logical requests: attempts over the transport the request asks for, with a credential, retries where a retry is
 * safe, and one whole answer or one `RequestFailure` at the end.
 */
export class ResilientClient {
  readonly #transports: TransportChoice;
  readonly #limits: AttemptLimits;
  readonly #clock: Clock;
  readonly #engine: RetryEngine;

  constructor(options: ResilientClientOptions) {
    const clock = options.clock ?? systemClock;
    this.#transports = options.transports;
    this.#limits = { ...DEFAULT_ATTEMPT_LIMITS, ...options.limits };
    this.#clock = clock;
    this.#engine = new RetryEngine({
      policy: { ...DEFAULT_RETRY_POLICY, ...options.policy },
      budget: options.budget ?? new RetryBudget({ clock }),
      unfoundedResets: new UnfoundedResets(clock),
      clock,
      random: options.random ?? Math.random,
      logger: options.logger ?? silentLogger,
    });
  }

  /** @throws RequestFailure and nothing else. */
  async request(request: LogicalRequest): Promise<Answer> {
    return toAnswer(await this.#run(request, false), request);
  }

  /**
   * As `request`, for a caller who reads a long answer while it arrives. Once its body flows nothing is sent again: a body that
   * breaks off throws `TransportError`. The signal, the deadline and the limits hold until its end.
   * @throws RequestFailure and nothing else.
   */
  async open(request: LogicalRequest): Promise<OpenAnswer> {
    return toOpenAnswer(await this.#run(request, true));
  }

  /** A request to this URL's origin is likely to come soon; see `Transport.prepare`. */
  prepare(url: URL, { reuseSession = false }: Pick<LogicalRequest, 'reuseSession'> = {}): void {
    const { isolated, shared } = this.#transports;
    (reuseSession ? shared : isolated).prepare?.(url);
  }

  /** Closes both transports: running exchanges have `graceMs` milliseconds (default 0) to finish. Idempotent. */
  async close(options: { readonly graceMs?: number } = {}): Promise<void> {
    const transports = new Set([this.#transports.isolated, this.#transports.shared]);
    await Promise.all([...transports].map((transport) => transport.close(options)));
  }

  #run(request: LogicalRequest, streaming: boolean): Promise<EngineAnswer> {
    const { isolated, shared } = this.#transports;
    const means = {
      transport: request.reuseSession === true ? shared : isolated,
      limits: { ...this.#limits, ...request.limits },
      clock: this.#clock,
      streaming,
    };
    return this.#engine.run(request, (context) => runAttempt(request, context, means));
  }
}
