import type { AttemptRecord, LogicalRequest, RequestFailure } from '../client/request.ts';
import type { CredentialLease } from '../credential/credential.ts';
import type { Logger } from '../log.ts';
import { type Clock, sleep } from '../time/clock.ts';
import { isStale } from '../transport/connection-end.ts';
import type { TransportError } from '../transport/transport-error.ts';
import type { AttemptResult, RunAttempt } from './attempt.ts';
import { type Delay, planWait, type Random, spreadMs } from './backoff.ts';
import { isFirstUseProtocolError } from './blame.ts';
import { classify, finalCode, mayHaveActed, type Verdict } from './classify.ts';
import { CredentialTurns } from './credential-turns.ts';
import { describeOutcome } from './describe.ts';
import { failureOf, restingFailure, stoppedFailure } from './failure.ts';
import type { AttemptOutcome } from './outcome.ts';
import type { RetryBudget } from './retry-budget.ts';
import { logAttempt, logRecovery, logRetry } from './retry-log.ts';
import type { RetryPolicy } from './retry-policy.ts';
import type { StopSignal } from './stop-signal.ts';
import type { UnfoundedResets } from './unfounded-resets.ts';

export interface RetryEngineOptions {
  readonly policy: RetryPolicy;
  readonly budget: RetryBudget;
  /** What the requests before this one have shown of their origins. */
  readonly unfoundedResets: UnfoundedResets;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

export interface EngineAnswer {
  readonly result: AttemptResult;
  readonly attempts: readonly AttemptRecord[];
}

type Retry = Extract<Verdict, { type: 'retry' }>;

/** One logical request under way. Times are milliseconds. */
export class RetryRun {
  readonly #options: RetryEngineOptions;
  readonly #request: LogicalRequest;
  readonly #stop: StopSignal;
  readonly #credentials: CredentialTurns;
  readonly #attempts: AttemptRecord[] = [];
  readonly #failures: TransportError[] = [];
  readonly #avoid = new Set<string>();
  #last: AttemptResult | undefined;
  #previous: TransportError | undefined;
  #bodySpent = false;
  #acted = false;
  /** All waits so far, and those since the last attempt. */
  #waitedMs = 0;
  #delayMs = 0;
  #lastWaitMs = 0;

  constructor(options: RetryEngineOptions, request: LogicalRequest, stop: StopSignal) {
    this.#options = options;
    this.#request = request;
    this.#stop = stop;
    this.#credentials = new CredentialTurns(request.credential, () => this.#canMoveOn());
  }

  /** @throws RequestFailure and nothing else. */
  async answer(attempt: RunAttempt): Promise<EngineAnswer> {
    try {
      return await this.#untilAnswer(attempt);
    } finally {
      this.#credentials.end();
    }
  }

  async #untilAnswer(attempt: RunAttempt): Promise<EngineAnswer> {
    const { budget, unfoundedResets, logger } = this.#options;
    budget.deposit();
    for (;;) {
      if (this.#stop.cause !== undefined) throw this.#stopped();
      const lease = await this.#untilCredential();
      const result = await this.#attempt(attempt, lease);
      this.#last = result;
      const verdict = this.#judge(result);
      this.#remember(result);
      if (verdict.type === 'done') {
        const retries = this.#attempts.length - 1;
        if (retries > 0) logRecovery(logger, this.#request, retries);
        if (this.#failures.some(isFirstUseProtocolError)) unfoundedResets.note(this.#request.url.origin);
        return { result, attempts: this.#attempts };
      }
      if (this.#stop.cause !== undefined) throw this.#stopped();
      logAttempt(logger, this.#request, result);
      if (verdict.type === 'give-up') throw this.#failure(result, verdict.code, verdict.reason);
      await this.#prepare(verdict, result);
    }
  }

  /**
   * Resolves with a credential, undefined only for a request that carries none. It is taken in here and not by whoever is told
   * that there is one: another request can take it while the word is on its way.
   */
  async #untilCredential(): Promise<CredentialLease | undefined> {
    for (;;) {
      const lease = this.#credentials.take();
      if (lease !== undefined || !this.#credentials.needed) return lease;
      const outlook = this.#credentials.outlook();
      const facts = { attempts: this.#attempts, acted: this.#acted };
      if (outlook.type !== 'resting') throw restingFailure(this.#request, undefined, facts);
      const leftMs = Math.min(this.#options.policy.budgetMs - this.#waitedMs, this.#stop.leftMs());
      // Whether a refused credential is accepted again nobody can say: no caller is kept waiting for that.
      if (outlook.cause === 'refused' || outlook.restMs >= leftMs)
        throw restingFailure(this.#request, outlook, facts);
      const { restMs } = outlook;
      const waitMs = restMs + spreadMs(restMs, (leftMs - restMs) / 2, this.#options.random);
      this.#request.onEvent?.({ type: 'credential-wait', waitMs });
      await this.#wait(waitMs);
    }
  }

  async #attempt(attempt: RunAttempt, lease: CredentialLease | undefined): Promise<AttemptResult> {
    try {
      const result = await this.#send(attempt, lease);
      this.#credentials.settle(lease, result);
      return result;
    } catch (error) {
      lease?.release();
      throw error;
    }
  }

  async #send(attempt: RunAttempt, lease: CredentialLease | undefined): Promise<AttemptResult> {
    const number = this.#attempts.length + 1;
    this.#request.onEvent?.({ type: 'attempt-started', attempt: number });
    const result = await attempt({
      attempt: number,
      delayMs: this.#delayMs,
      signal: this.#stop.signal,
      avoidConnections: this.#avoid,
      credential: lease?.credential,
    });
    this.#delayMs = 0;
    this.#attempts.push(result.record);
    this.#request.onEvent?.({ type: 'attempt-ended', record: result.record });
    return result;
  }

  #judge({ outcome, record }: AttemptResult): Verdict {
    if (record.exchange.bodyOpened && this.#request.body?.replayable === false) this.#bodySpent = true;
    return classify(
      outcome,
      this.#request.safety,
      {
        retries: this.#attempts.length - 1,
        failures: this.#failures,
        previous: this.#previous,
        unfoundedResets: this.#options.unfoundedResets.of(this.#request.url.origin),
        otherCredentials: this.#otherCredentials(),
        forbidden: this.#attempts.slice(0, -1).some(({ status }) => status === 403),
        bodySpent: this.#bodySpent,
      },
      this.#options.policy,
    );
  }

  /** Whether a request whose next attempt is refused can go on with another credential. */
  #canMoveOn(): boolean {
    const { policy, budget } = this.#options;
    return (
      this.#attempts.length < policy.maxRetries &&
      this.#request.body?.replayable !== false &&
      policy.retryStatusCodes.includes(401) &&
      budget.available() >= 1
    );
  }

  #otherCredentials(): 'ready' | 'resting' | 'none' {
    const others = this.#credentials.others();
    // One that is refused as well is none: it would have to be probed first.
    return others.type === 'resting' && others.cause === 'refused' ? 'none' : others.type;
  }

  #remember({ outcome }: AttemptResult): void {
    this.#acted ||= mayHaveActed(outcome, this.#options.policy);
    this.#previous = outcome.type === 'failed' ? outcome.error : undefined;
    if (this.#previous !== undefined) this.#failures.push(this.#previous);
  }

  /** Waits for the next attempt, or gives up when there is no time or no budget for it. */
  async #prepare(verdict: Retry, result: AttemptResult): Promise<void> {
    const { policy, random, budget, logger } = this.#options;
    const { outcome, record } = result;
    const retry = this.#attempts.length;
    const wait = planWait(
      this.#delayOf(verdict, outcome),
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
    // The budget is there to spare an upstream that fails. One that drains its connections does not fail, and it drains them
    // all at once: what was under way on them would spend the budget of seconds in a moment.
    if (!(outcome.type === 'failed' && isStale(outcome.error)) && !budget.withdraw()) {
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
    this.#lastWaitMs = waitMs;
    if (waitMs > 0) await this.#wait(waitMs);
  }

  /** After a rate limit nothing can go before a credential is ready: this one, or another one sooner. */
  #delayOf({ delay }: Retry, outcome: AttemptOutcome): Delay {
    if (standsFor(outcome) !== 429 || delay.type === 'immediate') return delay;
    const outlook = this.#credentials.outlook();
    const rests = outlook.type === 'resting' && outlook.cause === 'limited';
    return rests ? { type: 'rest', ms: outlook.restMs } : delay;
  }

  async #wait(waitMs: number): Promise<void> {
    this.#waitedMs += waitMs;
    this.#delayMs += waitMs;
    await sleep(waitMs, this.#stop.signal, this.#options.clock).catch(() => {
      throw this.#stopped();
    });
  }

  #failure(result: AttemptResult, code: RequestFailure['code'], reason: string): RequestFailure {
    const { outcome } = result;
    const outlook = standsFor(outcome) === 429 ? this.#credentials.outlook() : undefined;
    const restMs = outlook?.type === 'resting' ? outlook.restMs : undefined;
    const facts = { code, reason, attempts: this.#attempts, acted: this.#acted, restMs };
    return failureOf(this.#request, result, facts);
  }

  #stopped(): RequestFailure {
    const cause = this.#stop.cause ?? 'aborted';
    return stoppedFailure(this.#request, this.#last, {
      cause,
      attempts: this.#attempts,
      acted: this.#acted,
    });
  }
}

/** A transport failure counts as a bad gateway. */
function standsFor(outcome: AttemptOutcome): number {
  return outcome.type === 'answered' ? outcome.status : 502;
}
