/** Results that an upstream answers with as links: fetched at once, since they expire, and again when that fails. */
import { buffer } from 'node:stream/consumers';
import {
  fetchUrl,
  fullJitterMs,
  type RetryPolicy,
  sleep,
  UploadInputError,
  UrlFetchError,
  type UrlFetchOptions,
} from '@ferry/core';

/** The largest picture an upstream's link may lead to. */
const MAX_LINKED_BYTES = 32 * 1024 * 1024;

/** One download, redirects included. Milliseconds. */
const LONGEST_DOWNLOAD_MS = 60_000;

/** What is left of the request for answering with what is there. Milliseconds. */
const ANSWER_MS = 1_000;

export interface LinkOptions {
  readonly signal: AbortSignal;
  /** Milliseconds until the request must be answered. */
  remainingMs(): number;
  /** How often and after what waits a failed download is begun again. */
  readonly policy: RetryPolicy;
  /** Hears of each one that is. */
  onRetry?(retry: { readonly retry: number; readonly waitMs: number; readonly reason: string }): void;
  /** Where links may lead. Default the public internet only. */
  readonly guard?: Pick<UrlFetchOptions, 'isAllowed' | 'resolve'>;
}

/** What a link came to. A closed set. */
export type LinkedImage =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  /** `reason` is for the caller. `mayTry`: the caller may have more luck with the link. */
  | {
      readonly kind: 'failed';
      readonly reason: string;
      readonly mayTry: boolean;
      readonly cause: unknown;
    };

/**
 * A GET harms nobody when it is repeated, and what it fetches has been paid for. So it is repeated as an upload is, by the same
 * numbers, and given up while there is still time to answer with the other results.
 * @throws what the signal aborts with.
 */
export async function fetchLinked(url: URL, options: LinkOptions): Promise<LinkedImage> {
  const { signal, policy, remainingMs, onRetry, guard } = options;
  for (let retry = 1; ; retry += 1) {
    try {
      const totalMs = Math.max(1, Math.min(LONGEST_DOWNLOAD_MS, remainingMs() - ANSWER_MS));
      await using file = await fetchUrl(url, { ...guard, maxBytes: MAX_LINKED_BYTES, signal, totalMs });
      return { kind: 'bytes', bytes: await buffer(file.body) };
    } catch (cause) {
      signal.throwIfAborted();
      const reason = UploadInputError.is(cause) ? cause.message : 'the connection failed';
      const waitMs = fullJitterMs(policy, retry, Math.random);
      if (retry > policy.maxRetries || !isTransient(cause) || waitMs >= remainingMs() - ANSWER_MS) {
        const mayTry = !UploadInputError.is(cause) || cause.code === 'url_fetch';
        return { kind: 'failed', reason, mayTry, cause };
      }
      onRetry?.({ retry, waitMs, reason });
      await sleep(waitMs, signal);
    }
  }
}

/** Statuses that may be others in a moment; 404 because a link can be there before its picture is. */
const TRANSIENT: ReadonlySet<number> = new Set([404, 408, 425, 429]);

function isTransient(error: unknown): boolean {
  if (!UploadInputError.is(error)) return true;
  if (!(error instanceof UrlFetchError)) return false;
  switch (error.reason) {
    case 'dns':
    case 'connect':
    case 'network':
    case 'timeout':
    case 'truncated':
      return true;
    case 'status':
      return error.status !== undefined && (error.status >= 500 || TRANSIENT.has(error.status));
    case 'too-many-redirects':
    case 'encoding':
      return false;
  }
}
