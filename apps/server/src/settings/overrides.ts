/** Settings that were changed, over the configuration that Ferry was started with. */
import { isDeepStrictEqual } from 'node:util';
import { check } from '../config/checks.ts';
import type { Config } from '../config/schema.ts';
import type { RuntimeConfig } from './runtime-config.ts';
import { DEFINITIONS, type SettingDefinition } from './setting-definition.ts';

/** Changed settings by key, `upload.reuse_session`. What is not in it is as configured. */
export type Overrides = Readonly<Record<string, unknown>>;

/** A stored value that this version cannot use. It stays stored: another instance may be of another version. */
export interface IgnoredOverride {
  readonly key: string;
  readonly value: unknown;
  readonly why: string;
}

export interface Overlay {
  readonly config: Config;
  readonly ignored: readonly IgnoredOverride[];
}

/**
 * The configuration with the overrides in place. What is not valid (its range has changed, its key is gone) is left out and
 * told: an upgrade must start.
 */
export function overlay(started: Config, overrides: Overrides): Overlay {
  const ignored: IgnoredOverride[] = [];
  const values = new Map<SettingDefinition, unknown>();
  for (const [key, value] of Object.entries(overrides)) {
    const definition = DEFINITIONS.get(key);
    const why = definition === undefined ? 'there is no such setting' : problemOf(definition, value);
    if (definition === undefined || why !== undefined) ignored.push({ key, value, why: why ?? '' });
    else values.set(definition, value);
  }
  const config = withDefined(started, values);
  const contradictions = values.size === 0 ? [] : check(config);
  if (contradictions.length === 0) return { config, ignored };
  // Which of them is to blame cannot be told; the configuration itself was checked at the start.
  const why = `together with the configuration: ${contradictions.join('; ')}`;
  const all = [...values].map(([{ key }, value]) => ({ key, value, why }));
  return { config: started, ignored: [...ignored, ...all] };
}

/** Why a value cannot be that of a setting, as the end of "upload.concurrency: ..."; undefined when it can. */
export function problemOf({ schema, facts }: SettingDefinition, value: unknown): string | undefined {
  return value !== undefined && schema.safeParse(value).success ? undefined : `expected ${facts.expected}`;
}

/**
 * Overrides after a change. Null takes one away. A value that is in effect as configured is no change: it stays as configured.
 * @param config what is in effect.
 */
export function withValues(
  config: RuntimeConfig,
  overrides: Overrides,
  values: ReadonlyMap<string, unknown>,
): Overrides {
  const next = new Map(Object.entries(overrides));
  for (const [key, value] of values) {
    const definition = DEFINITIONS.get(key);
    const asIs = definition !== undefined && isDeepStrictEqual(value, valueIn(config, definition));
    if (value === null) next.delete(key);
    else if (next.has(key) || !asIs) next.set(key, value);
  }
  return Object.fromEntries(next);
}

/** What a setting is in a configuration. */
export function valueIn(config: RuntimeConfig, { section, name }: SettingDefinition): unknown {
  const values: Readonly<Record<string, unknown>> = config[section];
  return values[name];
}

function withDefined(config: Config, values: ReadonlyMap<SettingDefinition, unknown>): Config {
  const changed: Record<string, object> = {};
  for (const [{ section, name }, value] of values) {
    changed[section] = { ...(changed[section] ?? config[section]), [name]: value };
  }
  return { ...config, ...changed };
}
