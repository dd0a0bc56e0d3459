/** Defaults, then `ferry.toml`, then the environment: one validated configuration that knows where each value is from. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parse, TomlError } from 'smol-toml';
import { check } from './checks.ts';
import { ConfigError } from './config-error.ts';
import { type Environment, readEnvironment } from './environment.ts';
import { explain } from './explain.ts';
import { withoutCredentials } from './proxy.ts';
import { type Config, configSchema, DEFAULT_ALIASES } from './schema.ts';
import { resolveSecrets, type Secrets } from './secrets.ts';
import { type Path, showPath } from './walk.ts';

export interface LoadedConfig {
  /** Holds references to secrets, never a secret: safe to print. */
  readonly config: Config;
  readonly secrets: Secrets;
  /** Where a key that is not at its default was set, by its path as `server.port`. */
  readonly sources: ReadonlyMap<string, string>;
  /** Things that are probably mistakes but stop nothing. */
  readonly warnings: readonly string[];
}

export interface LoadOptions {
  readonly env: Environment;
  /** What relative paths in the configuration are relative to. */
  readonly cwd: string;
}

/**
 * @throws ConfigError that lists everything that is wrong.
 */
export function loadConfig({ env, cwd }: LoadOptions): LoadedConfig {
  const sources = new Map<string, string>();
  const tree = readToml(env, cwd, sources);
  const environment = readEnvironment(configSchema, env);
  for (const { variable, path, value } of environment.values) {
    put(tree, path, value);
    forget(sources, showPath(path));
    mark(sources, path, value, variable);
  }

  const parsed = configSchema.safeParse(tree);
  const problems = [...environment.problems];
  if (!parsed.success) problems.push(...explain(parsed.error, tree, sources));
  if (problems.length > 0 || !parsed.success) throw new ConfigError(problems);

  const config = withKnownAliases(parsed.data, sources);
  const contradictions = check(config);
  if (contradictions.length > 0) throw new ConfigError(contradictions);
  const secrets = resolveSecrets(config, env, cwd);
  const warnings = environment.unused
    .filter((variable) => !secrets.variables.has(variable))
    .map((variable) => `${variable} is set but is no configuration key (a key is FERRY_SECTION__KEY)`);
  const upload = { ...config.upload, proxy: withoutCredentials(config.upload.proxy) };
  return { config: { ...config, upload }, secrets, sources, warnings };
}

function readToml(env: Environment, cwd: string, sources: Map<string, string>): Record<string, unknown> {
  const named = env.FERRY_CONFIG;
  const name = named ?? 'ferry.toml';
  let content: string;
  try {
    content = readFileSync(resolve(cwd, name), 'utf8');
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    if (missing && named === undefined) return {};
    throw new ConfigError([
      `${name}: ${missing ? 'there is no such file (FERRY_CONFIG)' : 'cannot be read'}`,
    ]);
  }
  try {
    const tree = parse(content);
    mark(sources, [], tree, name);
    return tree;
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const why = error.message.split('\n')[0]?.replace('Invalid TOML document: ', '');
    throw new ConfigError([`${name}, line ${error.line}, column ${error.column}: ${why}`]);
  }
}

/** The default alias is meant for xAI's models: without its target it goes, instead of stopping the start. */
function withKnownAliases(config: Config, sources: ReadonlyMap<string, string>): Config {
  const configured = [...sources.keys()].some((key) => key === 'alias' || key.startsWith('alias.'));
  if (configured || config.provider.length === 0) return config;
  const models = new Set(config.provider.flatMap(({ models }) => models));
  const alias = Object.fromEntries(Object.entries(DEFAULT_ALIASES).filter(([, model]) => models.has(model)));
  return { ...config, alias };
}

function put(tree: Record<string, unknown>, path: Path, value: unknown): void {
  let node = tree as Record<string | number, unknown>;
  path.forEach((step, index) => {
    if (index === path.length - 1) {
      node[step] = value;
      return;
    }
    const next = node[step];
    if (typeof next !== 'object' || next === null) node[step] = typeof path[index + 1] === 'number' ? [] : {};
    node = node[step] as Record<string | number, unknown>;
  });
}

function mark(sources: Map<string, string>, path: Path, value: unknown, source: string): void {
  if (Array.isArray(value) && value.some((item) => typeof item === 'object' && item !== null)) {
    for (const [index, item] of value.entries()) mark(sources, [...path, index], item, source);
  } else if (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Date)
  ) {
    for (const [key, item] of Object.entries(value)) mark(sources, [...path, key], item, source);
  } else sources.set(showPath(path), source);
}

/** A value set as a whole replaces what stood below it. */
function forget(sources: Map<string, string>, key: string): void {
  for (const known of sources.keys()) {
    if (known === key || known.startsWith(`${key}.`) || known.startsWith(`${key}[`)) sources.delete(known);
  }
}
