import { randomUUID } from 'node:crypto';
import { type Clock, type Logger, sleep, systemClock } from '@ferry/core';
import { and, eq, inArray, lt, type SQL, sql } from 'drizzle-orm';
import { type Database, notify, type Tx } from '../database/database.ts';
import { DatabaseUnavailable } from '../database/database-unavailable.ts';
import { decide } from './decide.ts';
import { idempotentRequests as table } from './idempotency.tables.ts';
import { newestRequest } from './newest-request.ts';
import type { Outcome } from './outcome.ts';
import { type Claim, ClaimLost, type Identifier, type RequestStore, type Run } from './request-store.ts';

/** An instance that has not renewed its lease for so long is taken for dead. Milliseconds. */
const LEASE_MS = 30_000;
const RENEW_MS = 10_000;
/** A notification may be missed while the connection was away. Milliseconds. */
const LOOK_AGAIN_MS = 1_000;
/** The longest answer kept. Bytes. */
const MAX_BODY_BYTES = 64 * 1024 * 1024;
/** Each may hold an answer in memory; what is beyond them ends as unknown. */
const MAX_UNWRITTEN = 256;
const CHANNEL = 'idempotent_requests';

/** Milliseconds from now, by the database's clock: those of the instances may differ. */
const inMs = (ms: number): SQL<Date> => sql`now() + ${ms} * interval '1 millisecond'`;

/** What all instances have seen. */
export class DatabaseStore implements RequestStore {
  readonly #database: Database;
  readonly #logger: Logger;
  readonly #clock: Clock;
  /** Runs of this instance that have not ended. */
  readonly #running = new Set<string>();
  /** Ends that could not be written down because the database was away: written when it is back. */
  readonly #unwritten = new Map<string, () => Promise<void>>();
  readonly #waiting = new Map<string, Set<() => void>>();
  readonly #ends: (() => void)[] = [];
  #cancelRenewal: () => void = () => undefined;
  #closed = false;

  constructor(database: Database, logger: Logger, clock: Clock = systemClock) {
    this.#database = database;
    this.#logger = logger;
    this.#clock = clock;
  }

  start(): void {
    this.#ends.push(
      this.#database.listen(CHANNEL, (id) => {
        for (const wake of this.#waiting.get(id) ?? []) wake();
      }),
      this.#database.onUp(() => void this.#catchUp()),
    );
    this.#renewLater();
  }

  /** Leaves no timer and no listener. */
  close(): void {
    this.#closed = true;
    this.#cancelRenewal();
    for (const end of this.#ends.splice(0)) end();
  }

  async claim(identifier: Identifier): Promise<Claim> {
    const id = randomUUID();
    try {
      return await this.#claimAs(id, identifier);
    } catch (error) {
      // The commit may have taken place all the same, and nobody will run what it claims.
      if (this.#running.has(id)) this.#endLater(id);
      throw error;
    }
  }

  async #claimAs(id: string, identifier: Identifier): Promise<Claim> {
    const { scope, fingerprint, first } = identifier;
    return await this.#database.transaction(async (tx) => {
      // Whoever asks for the same at the same moment takes turns.
      await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${scope}, 0))`);
      const known = first ? undefined : await newestRequest(tx, scope);
      const decision = decide(known, fingerprint);
      switch (decision) {
        case 'begin':
          return { kind: 'run', run: await this.#begin(tx, id, identifier) };
        case 'take-over':
          return { kind: 'run', run: await this.#begin(tx, id, identifier, known?.id) };
        case 'wait':
          return { kind: 'wait', changed: (signal) => this.#change(known?.id ?? '', signal) };
        case 'replay':
          return { kind: 'replay', outcome: known?.outcome ?? { kind: 'unknown' } };
        case 'give-up':
          await tx
            .update(table)
            .set({ state: 'unknown', expiresAt: inMs(identifier.lifetimeMs) })
            .where(eq(table.id, known?.id ?? ''));
          return { kind: 'replay', outcome: { kind: 'unknown' } };
        case 'mismatch':
          return { kind: 'mismatch' };
        default:
          return decision satisfies never;
      }
    });
  }

  /** Removes what is past its time; gives how many. */
  async sweep(): Promise<number> {
    const removed = await this.#database.use((db) =>
      db.delete(table).where(lt(table.expiresAt, sql`now()`)).returning({ id: table.id }),
    );
    return removed.length;
  }

  /** @param dead the row of an instance that died; it is ours from now on, and no longer its. */
  async #begin(
    tx: Tx,
    id: string,
    { scope, fingerprint, lifetimeMs }: Identifier,
    dead?: string,
  ): Promise<Run> {
    const values = {
      id,
      leaseUntil: inMs(LEASE_MS),
      // While it runs, it does not expire before its lease.
      expiresAt: inMs(Math.max(lifetimeMs, 2 * LEASE_MS)),
    };
    if (dead !== undefined) await tx.update(table).set(values).where(eq(table.id, dead));
    else await tx.insert(table).values({ ...values, scope, fingerprint, state: 'running' });
    this.#running.add(id);
    return {
      billing: () => this.#billing(id),
      finish: (outcome) => this.#end(id, () => this.#write(id, outcome, lifetimeMs)),
      release: () => this.#end(id, () => this.#forget(id)),
    };
  }

  async #billing(id: string): Promise<void> {
    const ours = await this.#database.use((db) =>
      db
        .update(table)
        .set({ state: 'billing', leaseUntil: inMs(LEASE_MS) })
        .where(and(eq(table.id, id), eq(table.state, 'running')))
        .returning({ id: table.id }),
    );
    if (ours.length > 0) return;
    this.#running.delete(id);
    throw new ClaimLost();
  }

  /** Until it is written down repeats wait, or are told that nobody knows; they never run it again. */
  async #end(id: string, write: () => Promise<void>): Promise<void> {
    try {
      await write();
      this.#running.delete(id);
    } catch (error) {
      if (!DatabaseUnavailable.is(error)) throw error;
      if (this.#unwritten.size < MAX_UNWRITTEN) this.#unwritten.set(id, write);
      else this.#running.delete(id);
    }
  }

  #endLater(id: string): void {
    this.#end(id, () => this.#forget(id)).catch((error: unknown) => {
      this.#running.delete(id);
      this.#logger.error({ err: error }, 'Cannot take back a claim');
    });
  }

  async #write(id: string, outcome: Outcome, lifetimeMs: number): Promise<void> {
    const json = outcome.kind === 'answered' ? Buffer.from(JSON.stringify(outcome.body ?? null)) : undefined;
    await this.#database.transaction(async (tx) => {
      await tx
        .update(table)
        .set({
          state: outcome.kind,
          status: outcome.kind === 'answered' ? outcome.status : null,
          body: json !== undefined && json.byteLength <= MAX_BODY_BYTES ? json : null,
          expiresAt: inMs(lifetimeMs),
        })
        .where(eq(table.id, id));
      await notify(tx, CHANNEL, id);
    });
  }

  async #forget(id: string): Promise<void> {
    await this.#database.transaction(async (tx) => {
      await tx.delete(table).where(eq(table.id, id));
      await notify(tx, CHANNEL, id);
    });
  }

  async #change(id: string, signal: AbortSignal): Promise<void> {
    const woken = new AbortController();
    const wake = (): void => woken.abort();
    const waiting = this.#waiting.get(id) ?? new Set();
    this.#waiting.set(id, waiting.add(wake));
    try {
      await sleep(LOOK_AGAIN_MS, AbortSignal.any([signal, woken.signal]), this.#clock);
    } catch {
      signal.throwIfAborted();
    } finally {
      waiting.delete(wake);
      if (waiting.size === 0) this.#waiting.delete(id);
    }
  }

  #renewLater(): void {
    if (this.#closed) return;
    this.#cancelRenewal = this.#clock.after(
      RENEW_MS,
      () => void this.#renew().finally(() => this.#renewLater()),
      { keepAlive: false },
    );
  }

  async #renew(): Promise<void> {
    if (this.#running.size === 0 || this.#database.state.kind !== 'up') return;
    try {
      await this.#database.use((db) =>
        db
          .update(table)
          .set({ leaseUntil: inMs(LEASE_MS) })
          .where(inArray(table.id, [...this.#running])),
      );
    } catch (error) {
      if (!DatabaseUnavailable.is(error)) this.#logger.error({ err: error }, 'Cannot renew leases');
    }
  }

  async #catchUp(): Promise<void> {
    await this.#renew();
    for (const [id, write] of [...this.#unwritten]) {
      this.#unwritten.delete(id);
      await this.#end(id, write).catch((error: unknown) =>
        this.#logger.error({ err: error }, 'Cannot write down how a request ended that may come again'),
      );
    }
  }
}
