import type { TransportError } from '../transport/transport-error.ts';

/** How one attempt ended. A closed set. */
export type AttemptOutcome =
  /** The upstream's status is known; for a status below 300 the whole answer arrived. */
  | { readonly type: 'answered'; readonly status: number; readonly retryAfterMs?: number | undefined }
  | { readonly type: 'failed'; readonly error: TransportError }
  /** The answer was longer than the caller takes. */
  | { readonly type: 'oversized'; readonly status: number; readonly maxBytes: number };
