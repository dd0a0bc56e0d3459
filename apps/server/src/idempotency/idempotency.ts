import type { FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { callerName, identityOf } from '../auth/identity.ts';
import type { Config } from '../config/schema.ts';
import { Database } from '../database/database.ts';
import { whyNot } from '../database/database-state.ts';
import { DatabaseUnavailable } from '../database/database-unavailable.ts';
import { CombinedStore } from './combined-store.ts';
import { DatabaseStore } from './database-store.ts';
import { scopeOf } from './fingerprint.ts';
import { MemoryStore } from './memory-store.ts';
import { RepeatableRequest } from './repeatable-request.ts';
import { repeatability } from './request-headers.ts';

/** Whether a request has come before, for every endpoint that does something which is billed. */
export class Idempotency {
  readonly #settings: Config['idempotency'];
  readonly #database: Database;
  readonly #logger: Logger;
  readonly #shared: DatabaseStore;
  readonly #combined: CombinedStore;
  readonly #running = new Set<Promise<unknown>>();
  #sweeper: NodeJS.Timeout | undefined;

  constructor(settings: Config['idempotency'], database: Database, logger: Logger) {
    this.#settings = settings;
    this.#database = database;
    this.#logger = logger;
    this.#shared = new DatabaseStore(database, logger);
    this.#combined = new CombinedStore(new MemoryStore(), this.#shared, logger);
  }

  start(): void {
    this.#shared.start();
    this.#sweeper = setInterval(() => void this.#sweep(), SWEEP_MS).unref();
  }

  /** Waits for what goes on although its callers have left, so that its end is written down. Leaves no timer. */
  async stop(): Promise<void> {
    await Promise.allSettled(this.#running);
    clearInterval(this.#sweeper);
    this.#shared.close();
  }

  /**
   * How this request can be known again; to be asked before its body is read.
   * @param endpoint names what is done, such as `img2img`. A key stands for one request of one caller to one endpoint.
   * @throws GatewayError 400 for a malformed key; DatabaseUnavailable for a key that cannot be looked up: whoever sends one would
   * rather wait than pay twice.
   */
  of(request: FastifyRequest, endpoint: string): RepeatableRequest {
    const how = repeatability(request.headers);
    const caller = callerName(identityOf(request));
    const track = (running: Promise<unknown>): void => this.#track(running);
    switch (how.kind) {
      case 'none':
        return new RepeatableRequest(undefined, unidentified, this.#logger, track);
      case 'key': {
        const { state } = this.#database;
        if (state.kind !== 'up') {
          throw new DatabaseUnavailable(whyNot(state), { asked: false, retryAfterMs: 1_000 });
        }
        const scope = scopeOf(endpoint, caller, 'key', how.key);
        const lifetimeMs = this.#settings.lifetime_s * 1_000;
        return new RepeatableRequest(
          this.#shared,
          (fingerprint) => ({ scope, fingerprint, first: false, lifetimeMs }),
          this.#logger,
          track,
        );
      }
      case 'counted': {
        const lifetimeMs = this.#settings.repeat_window_s * 1_000;
        return new RepeatableRequest(
          this.#combined,
          (fingerprint) => ({
            scope: scopeOf(endpoint, caller, 'content', fingerprint),
            fingerprint,
            first: how.retry === 0,
            lifetimeMs,
          }),
          this.#logger,
          track,
        );
      }
      default:
        return how satisfies never;
    }
  }

  #track(running: Promise<unknown>): void {
    this.#running.add(running);
    const done = (): boolean => this.#running.delete(running);
    running.then(done, done);
  }

  async #sweep(): Promise<void> {
    if (this.#database.state.kind !== 'up') return;
    try {
      await this.#shared.sweep();
    } catch (error) {
      if (!DatabaseUnavailable.is(error)) this.#logger.error({ err: error }, 'Cannot sweep old requests');
    }
  }
}

/** Rows are small, answers in base64 are not. Milliseconds. */
const SWEEP_MS = 60_000;

function unidentified(): never {
  throw new Error('a request that cannot be known again was to be identified');
}
