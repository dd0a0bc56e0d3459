/** Every key Ferry knows, one section a file. Defaults, validation, types and the options table come from here. */
import { z } from 'zod';
import { table } from './keys.ts';
import { alertsSection } from './sections/alerts.ts';
import { apiKeySection } from './sections/api-key.ts';
import { authSection } from './sections/auth.ts';
import { databaseSection } from './sections/database.ts';
import { fallbackSection } from './sections/fallback.ts';
import { historySection } from './sections/history.ts';
import { idempotencySection } from './sections/idempotency.ts';
import { limitsSection } from './sections/limits.ts';
import { poolSection } from './sections/pool.ts';
import { providerSection } from './sections/provider.ts';
import { retrySection } from './sections/retry.ts';
import { serverSection } from './sections/server.ts';
import { storageSection } from './sections/storage.ts';
import { telemetrySection } from './sections/telemetry.ts';
import { uploadSection } from './sections/upload.ts';
import { webhookSection } from './sections/webhook.ts';

/** The seed's model name; not an official id, so it is an alias. */
export const DEFAULT_ALIASES: Readonly<Record<string, string>> = {
  'grok-imagine-1.0-edit': 'grok-imagine-image',
};

export const configSchema = z.strictObject({
  server: serverSection,
  upload: uploadSection,
  pool: poolSection,
  retry: retrySection,
  limits: limitsSection,
  fallback: fallbackSection,
  provider: z.array(providerSection).default([]),
  alias: table(DEFAULT_ALIASES, { about: 'Names that callers may use for a model: `"name" = "model id"`.' }),
  storage: storageSection,
  database: databaseSection,
  idempotency: idempotencySection,
  history: historySection,
  telemetry: telemetrySection,
  alerts: alertsSection,
  webhook: webhookSection,
  auth: authSection,
  api_key: z.array(apiKeySection).default([]),
});

export type Config = z.output<typeof configSchema>;
export type ProviderConfig = Config['provider'][number];
