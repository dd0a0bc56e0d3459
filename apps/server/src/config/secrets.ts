/** References to secrets and what they stand for. Secrets live here and nowhere else in the configuration. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { ProxyOptions } from '@ferry/core';
import { ConfigError } from './config-error.ts';
import { resolveDatabaseUrl } from './database-url.ts';
import type { Environment } from './environment.ts';
import { isHttpAddress, isReference } from './keys.ts';
import { resolveProxy } from './proxy.ts';
import type { Config } from './schema.ts';

export interface Secrets {
  /**
   * The secret behind a reference of the configuration.
   * @throws Error for a reference that the configuration does not hold.
   */
  read(reference: string): string;
  /** The proxy before the upstreams, with its user and password; undefined for none. */
  readonly proxy: ProxyOptions | undefined;
  /** The PostgreSQL to use, with its password; undefined for none. */
  readonly databaseUrl: string | undefined;
  /** Names of the environment variables that hold one. */
  readonly variables: ReadonlySet<string>;
}

/** What an HTTP header may carry as a bearer token (RFC 6750 section 2.1, and a little more). */
const HEADER_SAFE = /^[\x21-\x7e]+$/;

/** Keys that open this gateway, and are therefore guessed at. */
const OPENS = /^(auth\.admin_key|api_key\[\d+\]\.key)$/;
const MIN_KEY_CHARACTERS = 12;

/**
 * @throws ConfigError when one is missing, empty or not fit for a header; the message never holds a secret.
 */
export function resolveSecrets(config: Config, env: Environment, cwd: string): Secrets {
  const values = new Map<string, string>();
  const variables = new Set<string>();
  const problems: string[] = [];
  for (const [key, reference] of references(config)) {
    const name = reference.slice(reference.indexOf(':') + 1);
    const value = reference.startsWith('env:') ? env[name] : readSecretFile(resolve(cwd, name));
    if (reference.startsWith('env:')) variables.add(name);
    if (value === undefined || value.trim() === '') {
      problems.push(
        `${key}: "${reference}" is ${value === undefined ? 'not there' : 'empty'}, expected a secret`,
      );
    } else if (!HEADER_SAFE.test(value.trim())) {
      problems.push(`${key}: "${reference}" holds a character that a header cannot carry`);
    } else if (OPENS.test(key) && value.trim().length < MIN_KEY_CHARACTERS) {
      problems.push(
        `${key}: "${reference}" has less than ${MIN_KEY_CHARACTERS} characters, expected one that nobody guesses, such as ` +
          'the output of `openssl rand -hex 32`',
      );
    } else if (key === 'webhook.url' && !isHttpAddress(value.trim())) {
      problems.push(`${key}: "${reference}" is no address such as "https://hooks.example/alerts"`);
    } else values.set(reference, value.trim());
  }
  let proxy: ProxyOptions | undefined;
  try {
    proxy = resolveProxy(config.upload.proxy, env, (reference) => values.get(reference));
  } catch (error) {
    problems.push(error instanceof Error ? error.message : String(error));
  }
  let databaseUrl: string | undefined;
  try {
    databaseUrl = resolveDatabaseUrl(config.database.url, env, (reference) => values.get(reference));
  } catch (error) {
    problems.push(error instanceof Error ? error.message : String(error));
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return {
    proxy,
    databaseUrl,
    variables,
    read(reference) {
      const value = values.get(reference);
      if (value === undefined)
        throw new Error('a reference to a secret that the configuration does not hold');
      return value;
    },
  };
}

function* references(config: Config): Generator<[key: string, reference: string]> {
  if (isReference(config.upload.proxy)) yield ['upload.proxy', config.upload.proxy];
  if (config.database.url !== undefined) yield ['database.url', config.database.url];
  if (config.auth.admin_key !== undefined) yield ['auth.admin_key', config.auth.admin_key];
  for (const [i, { key }] of config.api_key.entries()) yield [`api_key[${i}].key`, key];
  if (config.webhook.url !== undefined && isReference(config.webhook.url))
    yield ['webhook.url', config.webhook.url];
  if (config.webhook.secret !== undefined) yield ['webhook.secret', config.webhook.secret];
  for (const [i, provider] of config.provider.entries()) {
    for (const [j, key] of provider.keys.entries()) yield [`provider[${i}].keys[${j}]`, key];
  }
}

function readSecretFile(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
