import { type Logger, sleep } from '@ferry/core';
import { GatewayError } from '../errors/gateway-error.ts';
import { outcomeOfFailure, replay } from './outcome.ts';
import { ClaimLost, type Identifier, type RequestStore, type Run } from './request-store.ts';

/** What work that costs money owes whoever repeats it. */
export interface Billing {
  /**
   * To be awaited right before something is sent that may be billed.
   * @throws what stops it from being sent: pass it on.
   */
  mayBegin(): Promise<void>;
}

export interface OnceOptions {
  /** Digest of what is asked for. */
  readonly fingerprint: string;
  /** Ends the wait for another one's result. */
  readonly signal: AbortSignal;
  /** Another request does the work: what was begun for this one is of no use. May be called again. */
  onJoin(): void;
  /** From now on the work is worth finishing even if nobody waits: a repeat will ask for it. */
  onBilling(): void;
}

/** Longer than this no answer waits for being written down. Milliseconds. */
const KEEP_MS = 2_000;

/** A request that may come again. It is done once; whoever comes again gets what came of it. */
export class RepeatableRequest {
  readonly #store: RequestStore | undefined;
  readonly #identify: (fingerprint: string) => Identifier;
  readonly #logger: Logger;
  readonly #track: (running: Promise<unknown>) => void;
  #replayed = false;

  /** @param store undefined for a request that nobody can know again. */
  constructor(
    store: RequestStore | undefined,
    identify: (fingerprint: string) => Identifier,
    logger: Logger,
    track: (running: Promise<unknown>) => void,
  ) {
    this.#store = store;
    this.#identify = identify;
    this.#logger = logger;
    this.#track = track;
  }

  /** Whether digests are needed. */
  get recognisable(): boolean {
    return this.#store !== undefined;
  }

  /** Whether the result is that of an earlier request. */
  get replayed(): boolean {
    return this.#replayed;
  }

  /**
   * Does `work`, or waits for and gives the result of the request that does it. A result is JSON.
   * @throws GatewayError 422 for a key that was used for something else; DatabaseUnavailable; what `work` throws, also when an
   * earlier request threw it.
   */
  async once<T>(options: OnceOptions, work: (billing: Billing) => Promise<T>): Promise<T> {
    if (this.#store === undefined) return await work({ mayBegin: async () => undefined });
    let identifier = this.#identify(options.fingerprint);
    for (;;) {
      const claim = await this.#store.claim(identifier);
      switch (claim.kind) {
        case 'mismatch':
          throw keyReused();
        case 'replay':
          options.onJoin();
          this.#replayed = true;
          // Written by `finish` below, from a result of the same endpoint.
          return replay(claim.outcome) as T;
        case 'wait':
          options.onJoin();
          await claim.changed(options.signal);
          break;
        case 'run': {
          const running = this.#run(claim.run, options, work);
          this.#track(running);
          try {
            return await running;
          } catch (error) {
            if (!(error instanceof ClaimLost)) throw error;
          }
          identifier = { ...identifier, first: false };
          break;
        }
        default:
          return claim satisfies never;
      }
    }
  }

  async #run<T>(run: Run, { onBilling }: OnceOptions, work: (billing: Billing) => Promise<T>): Promise<T> {
    let billing = false;
    try {
      const body = await work({
        mayBegin: async () => {
          await run.billing();
          billing = true;
          onBilling();
        },
      });
      await this.#written(run.finish({ kind: 'answered', status: 200, body }));
      return body;
    } catch (error) {
      const outcome = billing ? outcomeOfFailure(error) : undefined;
      await this.#written(outcome === undefined ? run.release() : run.finish(outcome));
      throw error;
    }
  }

  /** What came of the request is more important than that it is kept. */
  async #written(writing: Promise<void>): Promise<void> {
    const told = writing.catch((error: unknown) =>
      this.#logger.error({ err: error }, 'Cannot keep what came of a request that may come again'),
    );
    const late = new AbortController();
    await Promise.race([told, sleep(KEEP_MS, late.signal).catch(() => undefined)]);
    late.abort();
  }
}

function keyReused(): GatewayError {
  return new GatewayError(
    'This Idempotency-Key came before with another payload. A key stands for one request: send a new one.',
    {
      status: 422,
      type: 'invalid_request_error',
      code: 'idempotency_key_reused',
      param: 'Idempotency-Key',
      shouldRetry: false,
    },
  );
}
