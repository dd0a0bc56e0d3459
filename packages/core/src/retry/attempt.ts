import type { AttemptRecord } from '../client/request.ts';
import type { Credential } from '../credential/credential-pool.ts';
import type { AttemptOutcome } from './classify.ts';

/** What the engine says about one attempt. */
export interface AttemptContext {
  /** From 1. */
  readonly attempt: number;
  readonly signal: AbortSignal;
  readonly avoidConnections: ReadonlySet<string>;
  readonly credential: Credential | undefined;
}

/** How one attempt ended. Holds no secret: an upstream that echoes the key is not repeated. */
export interface AttemptResult {
  readonly outcome: AttemptOutcome;
  readonly record: AttemptRecord;
  /** The answer's headers; empty without an answer. */
  readonly headers: Readonly<Record<string, string>>;
  /** The whole body of an answer below 300; empty otherwise. */
  readonly bytes: Uint8Array;
  /** The start of the answer's body as text; undefined without an answer. */
  readonly excerpt: string | undefined;
}

/** Sends the request once and reads its answer. Never rejects: a failure is a result. */
export type RunAttempt = (context: AttemptContext) => Promise<AttemptResult>;
