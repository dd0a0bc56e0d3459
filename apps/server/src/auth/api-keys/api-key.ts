import { createHash, randomBytes } from 'node:crypto';

/** A key of one of the operator's clients, as the gateway knows it: never the key itself. */
export interface ApiKey {
  readonly id: string;
  readonly name: string;
  /** Requests a minute; undefined for the default of all callers. */
  readonly requestsPerMinute: number | undefined;
  /** Requests at once; undefined for no limit of its own. */
  readonly concurrency: number | undefined;
}

/** Where keys are found. Looking one up never waits: it happens before every request. */
export interface ApiKeySource {
  /** By {@link hashApiKey}; undefined for a key that is unknown or revoked. */
  find(hash: string): ApiKey | undefined;
}

export interface NewApiKey {
  /** Shown once, kept nowhere. */
  readonly key: string;
  readonly hash: string;
  /** Enough to recognise it in a list, too little to use it. */
  readonly hint: string;
}

/** 256 random bits, with a prefix that scanners for leaked secrets can look for. */
export function newApiKey(): NewApiKey {
  const key = `ferry_${randomBytes(32).toString('base64url')}`;
  return { key, hash: hashApiKey(key), hint: `${key.slice(0, 10)}…` };
}

/** A fast hash is enough: the keys are random, not chosen by people, so there is no dictionary to slow down. */
export function hashApiKey(key: string): string {
  return createHash('sha256').update(key, 'utf8').digest('base64url');
}
