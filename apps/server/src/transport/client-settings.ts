/** What settings say about the clients of upstreams, beside their transports. */
import { resolve } from 'node:path';
import type { AttemptLimits, RetryPolicy } from '@ferry/core';
import type { Config } from '../config/schema.ts';

/** The seed's retry settings, in seconds, as the engine's policy, in milliseconds. */
export function retryPolicy({ retry }: Pick<Config, 'retry'>): Partial<RetryPolicy> {
  return {
    maxRetries: retry.max_retry,
    retryStatusCodes: retry.retry_status_codes,
    backoffBaseMs: retry.retry_backoff_base * 1_000,
    backoffFactor: retry.retry_backoff_factor,
    backoffMaxMs: retry.retry_backoff_max * 1_000,
    budgetMs: retry.retry_budget * 1_000,
    billableRetryUnknown: retry.edit_retry_unknown,
    billableRetryStatusCodes: retry.edit_retry_status_codes,
    trustRefusedStream: retry.trust_refused_stream,
    trustUnavailable: retry.trust_unavailable,
  };
}

/** Where spools put what does not fit in memory. */
export const spoolDirectory = ({ server }: Pick<Config, 'server'>): string => resolve(server.data_dir, 'tmp');

export const maxFileBytes = ({ upload }: Pick<Config, 'upload'>): number => upload.max_file_mb * 1024 * 1024;

/** When the upstream deletes an uploaded file; undefined for never. */
export const expiresAfterSeconds = ({ upload }: Pick<Config, 'upload'>): number | undefined =>
  upload.expires_after_s === 0 ? undefined : upload.expires_after_s;

/** How long one attempt waits, but for what an edit's deadline gives it. */
const attemptLimits = ({ limits }: Pick<Config, 'limits'>): Partial<AttemptLimits> => ({
  connectMs: limits.connect_ms,
  headersMs: limits.headers_ms,
  idleMs: limits.idle_ms,
});

/** A client is rebuilt, over the same connections, when these differ. */
export const clientSettings = (
  config: Pick<Config, 'retry' | 'upload' | 'limits'>,
): {
  readonly policy: Partial<RetryPolicy>;
  readonly limits: Partial<AttemptLimits>;
  readonly maxFileBytes: number;
  readonly expiresAfterSeconds: number | undefined;
} => ({
  policy: retryPolicy(config),
  limits: attemptLimits(config),
  maxFileBytes: maxFileBytes(config),
  expiresAfterSeconds: expiresAfterSeconds(config),
});
