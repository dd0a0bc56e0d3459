import type { Outcome } from './outcome.ts';

/** What identifies a request that may come again. Digests only. */
export interface Identifier {
  readonly scope: string;
  readonly fingerprint: string;
  /** Nothing is looked for: the client says that this is the first of its kind. */
  readonly first: boolean;
  /** How long it is remembered after its end. Milliseconds. */
  readonly lifetimeMs: number;
}

/** The right to run a request, and the duty to tell how it ended. */
export interface Run {
  /**
   * To be awaited before anything is sent that may be billed: from then on a repeat never runs it again.
   * @throws ClaimLost when another instance has taken over, and what else keeps it from being written down.
   */
  billing(): Promise<void>;
  finish(outcome: Outcome): Promise<void>;
  /** Nothing was billed: it is as if it had never come. */
  release(): Promise<void>;
}

export type Claim =
  | { readonly kind: 'run'; readonly run: Run }
  /** Somebody runs it. Look again when this resolves; it may resolve too early. */
  | { readonly kind: 'wait'; changed(signal: AbortSignal): Promise<void> }
  | { readonly kind: 'replay'; readonly outcome: Outcome }
  /** The key has been used for something else. */
  | { readonly kind: 'mismatch' };

/** Remembers requests. */
export interface RequestStore {
  claim(identifier: Identifier): Promise<Claim>;
}

/** Our instance was believed dead, and another one runs the request. Nothing had been sent that is billed. */
export class ClaimLost extends Error {
  override readonly name = 'ClaimLost';

  constructor() {
    super('another instance has taken the request over');
  }
}
