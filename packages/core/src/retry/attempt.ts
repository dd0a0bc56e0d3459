import type { AttemptRecord } from '../client/request.ts';
import type { Credential } from '../credential/credential.ts';
import type { AttemptOutcome } from './outcome.ts';

/** What the engine says about one attempt. */
export interface AttemptContext {
  /** From 1. */
  readonly attempt: number;
  /** How long the request waited before it. Milliseconds. */
  readonly delayMs: number;
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
  /** The whole body of an answer below 300 that does not flow; at most 64 KiB of another one's. */
  readonly bytes: Uint8Array;
  /** The start of the answer's body as text; undefined without an answer. */
  readonly excerpt: string | undefined;
  /** The answer's body, when it is still on its way: the attempt ends with it. */
  readonly flow?: AnswerFlow;
}

/** A body that its caller reads while it arrives. */
export interface AnswerFlow {
  /** Iterate it once. Throws `TransportError` when it breaks off. Leaving the loop early cancels the exchange. */
  readonly body: AsyncIterable<Uint8Array>;
  /** When the exchange has ended, in whatever way. Never rejects. */
  readonly ended: Promise<void>;
}

/** Sends the request once and reads its answer, or its beginning. Never rejects: a failure is a result. */
export type RunAttempt = (context: AttemptContext) => Promise<AttemptResult>;
