import { resolve } from 'node:path';
import {
  type CredentialSource,
  type Logger,
  ResilientClient,
  type RetryPolicy,
  UploadService,
} from '@ferry/core';
import type { Provider } from '@ferry/providers';
import type { Config } from '../config/schema.ts';
import type { Upstream } from '../providers/upstream.ts';
import { createTransports, type Reach } from './transports.ts';

/** The seed's retry settings, in seconds, as the engine's policy, in milliseconds. */
export function retryPolicy({ retry }: Pick<Config, 'retry'>): Partial<RetryPolicy> {
  return {
    maxRetries: retry.max_retry,
    retryStatusCodes: retry.retry_status_codes,
    backoffBaseMs: retry.retry_backoff_base * 1_000,
    backoffFactor: retry.retry_backoff_factor,
    backoffMaxMs: retry.retry_backoff_max * 1_000,
    budgetMs: retry.retry_budget * 1_000,
    trustRefusedStream: retry.trust_refused_stream,
  };
}

/** Where spools put what does not fit in memory. */
export const spoolDirectory = ({ server }: Pick<Config, 'server'>): string => resolve(server.data_dir, 'tmp');

export const maxFileBytes = ({ upload }: Pick<Config, 'upload'>): number => upload.max_file_mb * 1024 * 1024;

export interface UpstreamParts {
  readonly provider: Provider;
  readonly simulated: boolean;
  readonly credentials: CredentialSource;
  readonly reach: Reach;
}

/** A provider over connections of its own. Closing its client closes them. */
export function connectUpstream(parts: UpstreamParts, config: Config, logger: Logger): Upstream {
  const { provider, simulated, credentials, reach } = parts;
  const client = new ResilientClient({
    transports: createTransports(config, reach, logger),
    policy: retryPolicy(config),
    logger,
  });
  const uploads = new UploadService({
    client,
    endpoint: provider.uploadEndpoint(),
    logger,
    spoolDirectory: spoolDirectory(config),
    maxFileBytes: maxFileBytes(config),
  });
  return { name: provider.name, simulated, provider, client, uploads, credentials };
}
