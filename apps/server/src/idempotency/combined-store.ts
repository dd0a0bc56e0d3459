import type { Logger } from '@ferry/core';
import { DatabaseUnavailable } from '../database/database-unavailable.ts';
import { type Claim, ClaimLost, type Identifier, type RequestStore, type Run } from './request-store.ts';

/**
 * This instance's memory first, then what all share: repeats that a client sends by itself are worth recognising while the database
 * is away as well, as far as this instance can.
 */
export class CombinedStore implements RequestStore {
  readonly #local: RequestStore;
  readonly #shared: RequestStore;
  readonly #logger: Logger;

  constructor(local: RequestStore, shared: RequestStore, logger: Logger) {
    this.#local = local;
    this.#shared = shared;
    this.#logger = logger;
  }

  async claim(identifier: Identifier): Promise<Claim> {
    const local = await this.#local.claim(identifier);
    if (local.kind !== 'run') return local;
    try {
      const shared = await this.#shared.claim(identifier);
      if (shared.kind === 'run') return { kind: 'run', run: this.#both(local.run, shared.run) };
      await local.run.release();
      return shared;
    } catch (error) {
      if (DatabaseUnavailable.is(error)) return local;
      await local.run.release();
      throw error;
    }
  }

  #both(local: Run, shared: Run): Run {
    const whereverPossible = async (what: () => Promise<void>): Promise<void> => {
      try {
        await what();
      } catch (error) {
        if (!DatabaseUnavailable.is(error)) throw error;
        this.#logger.debug({ part: 'idempotency' }, 'The database is away: only this instance remembers');
      }
    };
    return {
      async billing() {
        try {
          await whereverPossible(() => shared.billing());
        } catch (error) {
          // Else we would wait for ourselves.
          if (error instanceof ClaimLost) await local.release();
          throw error;
        }
      },
      async finish(outcome) {
        await local.finish(outcome);
        await whereverPossible(() => shared.finish(outcome));
      },
      async release() {
        await local.release();
        await whereverPossible(() => shared.release());
      },
    };
  }
}
