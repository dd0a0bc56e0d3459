import { type AttemptRecord, type LogicalRequest, RequestFailure } from '../client/request.ts';
import { CredentialRotation } from '../credential/credential-rotation.ts';
import type { Logger } from '../log.ts';
import { type Clock, sleep } from '../time/clock.ts';
import type { TransportError } from '../transport/transport-error.ts';
import type { AttemptResult, RunAttempt } from './attempt.ts';
import { planWait, type Random } from './backoff.ts';
import { type AttemptOutcome, classify, finalCode, mayHaveActed, type Verdict } from './classify.ts';
import { describeOutcome } from './describe.ts';
import { failureOf, stoppedFailure } from './failure.ts';
import type { RetryBudget } from './retry-budget.ts';
import { logAttempt, logRecovery, logRetry } from './retry-log.ts';
import type { RetryPolicy } from './retry-policy.ts';
import { StopSignal } from './stop-signal.ts';

export interface RetryEngineOptions {
  readonly policy: RetryPolicy;
  readonly budget: RetryBudget;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

export interface EngineAnswer {
  readonly result: AttemptResult;
  readonly attempts: readonly AttemptRecord[];
}

/** The only loop around attempts: it asks the classifier, waits, and gives up. Times are milliseconds. */
export class RetryEngine {
  readonly #options: RetryEngineOptions;

  constructor(options: RetryEngineOptions) {
    this.#options = options;
  }

  /**
   * Runs attempts until one is a whole answer below 300.
   * @throws RequestFailure and nothing else.
   */
  async run(request: LogicalRequest, attempt: RunAttempt): Promise<EngineAnswer> {
    const stop = new StopSignal(request.signal, request.deadlineMs, this.#options.clock);
    try {
      return await new Run(this.#options, request, stop).loop(attempt);
    } finally {
      stop.release();
    }
  }
}

/** One logical request under way. */
class Run {
  readonly #options: RetryEngineOptions;
  readonly #request: LogicalRequest;
  readonly #stop: StopSignal;
  readonly #credentials: CredentialRotation;
  readonly #attempts: AttemptRecord[] = [];
  readonly #failures: TransportError[] = [];
  readonly #avoid = new Set<string>();
  #previous: TransportError | undefined;
  #bodySpent = false;
  #acted = false;
  #waitedMs = 0;
  #lastWaitMs = 0;

  constructor(options: RetryEngineOptions, request: LogicalRequest, stop: StopSignal) {
    this.#options = options;
    this.#request = request;
    this.#stop = stop;
    this.#credentials = new CredentialRotation(request.credential);
  }

  async loop(attempt: RunAttempt): Promise<EngineAnswer> {
    if (this.#credentials.missing) {
      throw new RequestFailure(`${this.#request.label} failed: there is no credential to send it with`, {
        code: 'overloaded',
        status: 503,
        attempts: [],
      });
    }
    this.#options.budget.deposit();
    for (;;) {
      if (this.#stop.cause !== undefined) throw this.#stopped(undefined);
      const result = await this.#attempt(attempt);
      const verdict = this.#judge(result);
      this.#remember(result);
      if (verdict.type === 'done') {
        const retries = this.#attempts.length - 1;
        if (retries > 0) logRecovery(this.#options.logger, this.#request, retries);
        return { result, attempts: this.#attempts };
      }
      if (this.#stop.cause !== undefined) throw this.#stopped(result);
      logAttempt(this.#options.logger, this.#request, result);
      if (verdict.type === 'give-up') throw this.#failure(result, verdict.code, verdict.reason);
      await this.#prepare(verdict, result);
    }
  }

  async #attempt(attempt: RunAttempt): Promise<AttemptResult> {
    const number = this.#attempts.length + 1;
    this.#request.onEvent?.({ type: 'attempt-started', attempt: number });
    const result = await attempt({
      attempt: number,
      signal: this.#stop.signal,
      avoidConnections: this.#avoid,
      credential: this.#credentials.current,
    });
    this.#attempts.push(result.record);
    this.#request.onEvent?.({ type: 'attempt-ended', record: result.record });
    return result;
  }

  #judge({ outcome, record }: AttemptResult): Verdict {
    if (record.exchange.bodyOpened && this.#request.body?.replayable === false) this.#bodySpent = true;
    const otherCredential =
      outcome.type === 'answered' && this.#credentials.answered(outcome.status, outcome.retryAfterMs);
    return classify(
      outcome,
      this.#request.safety,
      {
        retries: this.#attempts.length - 1,
        failures: this.#failures,
        previous: this.#previous,
        otherCredential,
        bodySpent: this.#bodySpent,
      },
      this.#options.policy,
    );
  }

  #remember({ outcome }: AttemptResult): void {
    this.#acted ||= mayHaveActed(outcome);
    this.#previous = outcome.type === 'failed' ? outcome.error : undefined;
    if (this.#previous !== undefined) this.#failures.push(this.#previous);
  }

  /** Waits for the next attempt, or gives up when there is no time or no budget for it. */
  async #prepare(verdict: Extract<Verdict, { type: 'retry' }>, result: AttemptResult): Promise<void> {
    const { policy, random, budget, clock, logger } = this.#options;
    const { outcome, record } = result;
    const retry = this.#attempts.length;
    const wait = planWait(
      verdict.delay,
      {
        retry,
        previousMs: this.#lastWaitMs,
        budgetLeftMs: policy.budgetMs - this.#waitedMs,
        deadlineLeftMs: this.#stop.leftMs(),
      },
      policy,
      random,
    );
    if ('refused' in wait) throw this.#failure(result, finalCode(outcome), wait.refused);
    if (!budget.withdraw()) {
      throw this.#failure(result, finalCode(outcome), 'too many requests are being retried');
    }
    const { connectionId } = record.exchange;
    if (verdict.elsewhere && connectionId !== undefined) this.#avoid.add(connectionId);
    const { waitMs } = wait;
    const status = standsFor(outcome);
    const reason = describeOutcome(outcome);
    const { maxRetries } = policy;
    this.#request.onEvent?.({ type: 'retry', retry, maxRetries, status, waitMs, reason });
    logRetry(logger, this.#request, { retry, maxRetries, status, waitMs, reason });
    this.#waitedMs += waitMs;
    this.#lastWaitMs = waitMs;
    if (waitMs > 0) {
      await sleep(waitMs, this.#stop.signal, clock).catch(() => {
        throw this.#stopped(result);
      });
    }
    // Only now: while this request waited, the source learnt which credentials rest.
    if (verdict.otherCredential) this.#credentials.useOther();
    else if (status === 429) this.#credentials.refresh();
  }

  #failure(result: AttemptResult, code: RequestFailure['code'], reason: string): RequestFailure {
    return failureOf(this.#request, result, { code, reason, attempts: this.#attempts, acted: this.#acted });
  }

  #stopped(result: AttemptResult | undefined): RequestFailure {
    const cause = this.#stop.cause ?? 'aborted';
    return stoppedFailure(this.#request, result, { cause, attempts: this.#attempts, acted: this.#acted });
  }
}

/** A transport failure counts as a bad gateway. */
function standsFor(outcome: AttemptOutcome): number {
  return outcome.type === 'answered' ? outcome.status : 502;
}
