import type { Config } from '../config/schema.ts';
import { sourceOf } from '../config/source-of.ts';
import { costOf } from './change-cost.ts';
import { valueIn } from './overrides.ts';
import { DEFINITIONS, type SettingDefinition } from './setting-definition.ts';
import type { SettingView } from './settings-answer.ts';
import type { SettingsState } from './settings-state.ts';

type Source = SettingView['source'];

/** Every setting as it is shown. @param sources where a configured value that is no default was set, by key. */
export function settingViews(
  { config, overrides, ignored, revision }: SettingsState,
  started: Config,
  sources: ReadonlyMap<string, string>,
): SettingView[] {
  const unusable = new Set(ignored.map(({ key }) => key));
  return [...DEFINITIONS.values()].map((definition) => {
    const { key, byDefault, facts, valueSchema } = definition;
    const configured = { value: valueIn(started, definition), source: configuredSource(definition, sources) };
    const changed = Object.hasOwn(overrides, key) && !unusable.has(key);
    const { about, replaces } = costOf(key);
    return {
      key,
      value: valueIn(config, definition),
      default: byDefault,
      source: changed ? { kind: 'revision', name: String(revision) } : configured.source,
      configured: changed ? configured : null,
      about: facts.about,
      unit: facts.unit ?? null,
      expected: facts.expected,
      schema: { ...valueSchema },
      cost: { about, replaces: [...replaces] },
    };
  });
}

function configuredSource({ key }: SettingDefinition, sources: ReadonlyMap<string, string>): Source {
  const name = sourceOf(key, sources);
  if (name === undefined) return { kind: 'default', name: null };
  return { kind: isVariable(name) ? 'environment' : 'file', name };
}

/** A source is a variable's name or a file's. */
const isVariable = (source: string): boolean => /^FERRY_[A-Z0-9_]+$/i.test(source);
