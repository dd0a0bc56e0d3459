import { type Clock, systemClock } from '@ferry/core';
import { decide } from './decide.ts';
import type { Outcome } from './outcome.ts';
import type { Claim, Identifier, RequestStore, Run } from './request-store.ts';

interface Entry {
  readonly fingerprint: string;
  outcome: Outcome | undefined;
  /** What its outcome counts for. Bytes. */
  bytes: number;
  expiresAt: number;
  /** Wakes who waits for the end. */
  readonly waiting: Set<() => void>;
}

/** Answers kept in memory; beyond it the oldest are forgotten. Bytes of JSON, about. */
const MAX_BYTES = 64 * 1024 * 1024;

/** What this instance has seen. It needs no database, and knows nothing of other instances. */
export class MemoryStore implements RequestStore {
  /** Entries of a scope, the newest last. */
  readonly #entries = new Map<string, Entry[]>();
  readonly #clock: Clock;
  #bytes = 0;

  constructor(clock: Clock = systemClock) {
    this.#clock = clock;
  }

  /** Nothing of ours is ever without its lease: who remembers also runs. */
  async claim({ scope, fingerprint, first, lifetimeMs }: Identifier): Promise<Claim> {
    this.#forgetExpired();
    const known = first ? undefined : this.#entries.get(scope)?.at(-1);
    const state = known?.outcome === undefined ? 'billing' : known.outcome.kind;
    switch (decide(known && { fingerprint: known.fingerprint, state, leased: true }, fingerprint)) {
      case 'mismatch':
        return { kind: 'mismatch' };
      case 'replay':
        if (known?.outcome !== undefined) return { kind: 'replay', outcome: known.outcome };
        break;
      case 'wait':
        if (known !== undefined) return { kind: 'wait', changed: (signal) => change(known, signal) };
    }
    return { kind: 'run', run: this.#begin(scope, fingerprint, lifetimeMs) };
  }

  #begin(scope: string, fingerprint: string, lifetimeMs: number): Run {
    const entry: Entry = {
      fingerprint,
      outcome: undefined,
      bytes: 0,
      expiresAt: Number.POSITIVE_INFINITY,
      waiting: new Set(),
    };
    this.#entries.set(scope, [...(this.#entries.get(scope) ?? []), entry]);
    return {
      billing: async () => undefined,
      finish: async (outcome) => {
        entry.outcome = outcome;
        entry.expiresAt = this.#clock.now() + lifetimeMs;
        entry.bytes = outcome.kind === 'answered' ? sizeOf(outcome.body) : 0;
        this.#bytes += entry.bytes;
        wake(entry);
        this.#makeRoom();
      },
      release: async () => {
        this.#remove(scope, entry);
        wake(entry);
      },
    };
  }

  #forgetExpired(): void {
    const now = this.#clock.now();
    for (const [scope, entries] of this.#entries) {
      for (const entry of entries) if (entry.expiresAt <= now) this.#remove(scope, entry);
    }
  }

  #makeRoom(): void {
    for (const [scope, entries] of this.#entries) {
      for (const entry of entries) {
        if (this.#bytes <= MAX_BYTES) return;
        if (entry.outcome !== undefined) this.#remove(scope, entry);
      }
    }
  }

  #remove(scope: string, entry: Entry): void {
    const rest = (this.#entries.get(scope) ?? []).filter((one) => one !== entry);
    this.#bytes -= entry.bytes;
    entry.bytes = 0;
    if (rest.length === 0) this.#entries.delete(scope);
    else this.#entries.set(scope, rest);
  }
}

function wake({ waiting }: Entry): void {
  for (const one of [...waiting]) one();
}

function change(entry: Entry, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (finish: () => void): void => {
      entry.waiting.delete(onChange);
      signal.removeEventListener('abort', onAbort);
      finish();
    };
    const onChange = (): void => settle(resolve);
    const onAbort = (): void => settle(() => reject(signal.reason));
    if (signal.aborted) return reject(signal.reason);
    entry.waiting.add(onChange);
    signal.addEventListener('abort', onAbort, { once: true });
  });
}

/** Images in base64 are all that counts. */
function sizeOf(body: unknown): number {
  if (typeof body === 'string') return body.length;
  if (typeof body !== 'object' || body === null) return 8;
  return Object.values(body).reduce((sum: number, value) => sum + sizeOf(value), 16);
}
