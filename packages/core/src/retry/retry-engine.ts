import type { LogicalRequest } from '../client/request.ts';
import type { RunAttempt } from './attempt.ts';
import { type EngineAnswer, type RetryEngineOptions, RetryRun } from './retry-run.ts';
import { StopSignal } from './stop-signal.ts';

/** The only loop around attempts: it asks the classifier, waits, and gives up. Times are milliseconds. */
export class RetryEngine {
  readonly #options: RetryEngineOptions;

  constructor(options: RetryEngineOptions) {
    this.#options = options;
  }

  /**
   * Runs attempts until one is an answer below 300. The signal and the deadline hold until its body has ended too.
   * @throws RequestFailure and nothing else.
   */
  async run(request: LogicalRequest, attempt: RunAttempt): Promise<EngineAnswer> {
    const stop = new StopSignal(request.signal, request.deadlineMs, this.#options.clock);
    let ended: Promise<void> | undefined;
    try {
      const answer = await new RetryRun(this.#options, request, stop).answer(attempt);
      ended = answer.result.flow?.ended;
      return answer;
    } finally {
      if (ended === undefined) stop.release();
      else void ended.then(() => stop.release());
    }
  }
}
