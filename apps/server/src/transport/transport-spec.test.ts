import { expect, test } from 'vitest';
import { configSchema } from '../config/schema.ts';
import { retryPolicy } from './client-settings.ts';
import { reusePolicies } from './transport-spec.ts';

const config = (tree: object) => configSchema.parse(tree);

test('spares make isolated connections prewarmed, and none make them fresh', () => {
  expect(reusePolicies(config({})).isolated).toMatchObject({ maxUses: 1, spares: 2 });
  expect(reusePolicies(config({ pool: { spares: 0 } })).isolated).toMatchObject({ maxUses: 1, spares: 0 });
});

test('there is an isolated connection for every upload and edit that may run at once', () => {
  expect(reusePolicies(config({ upload: { concurrency: 100 } })).isolated.maxConnections).toBe(202);
});

test('the pool settings are those of shared connections', () => {
  const pool = {
    max_connections: 3,
    max_streams: 5,
    max_idle_ms: 1_000,
    max_age_ms: 2_000,
    prove_after_idle_ms: 10,
  };
  expect(reusePolicies(config({ pool })).shared).toMatchObject({
    maxUses: Number.POSITIVE_INFINITY,
    maxConnections: 3,
    maxStreams: 5,
    maxIdleMs: 1_000,
    maxAgeMs: 2_000,
    proveAfterIdleMs: 10,
  });
});

test('the seed’s seconds become the engine’s milliseconds', () => {
  expect(retryPolicy(config({}))).toEqual({
    maxRetries: 3,
    retryStatusCodes: [401, 403, 408, 425, 429, 500, 502, 503, 504],
    backoffBaseMs: 500,
    backoffFactor: 2,
    backoffMaxMs: 30_000,
    budgetMs: 90_000,
    billableRetryStatusCodes: [],
    billableRetryUnknown: false,
    trustRefusedStream: false,
    trustUnavailable: true,
  });
});
