/** What has been typed and not yet applied. Pure. */
import type { Setting, SettingSchema, SettingValue } from './settings-api.ts';

/** What stands in a control: text as typed, or a choice made. */
export type Typed = string | boolean;

/** By key; only what differs from the gateway's value. */
export type Draft = Readonly<Record<string, Typed>>;

export type Reading =
  | { readonly ok: true; readonly value: SettingValue }
  | { readonly ok: false; readonly problem: string };

/** A value as its control shows it. */
export function shown(value: SettingValue): Typed {
  if (typeof value === 'boolean') return value;
  return typeof value === 'object' ? value.join(', ') : String(value);
}

/** The draft after a control was changed; what is typed back to the gateway's value is no change. */
export function typed(draft: Draft, setting: Setting, now: Typed): Draft {
  const { [setting.key]: _before, ...others } = draft;
  return now === shown(setting.value) ? others : { ...others, [setting.key]: now };
}

/** What a control says as a value, or what is wrong with it. */
export function read({ schema, expected }: Pick<Setting, 'schema' | 'expected'>, raw: Typed): Reading {
  const value = convert(schema, raw);
  return value === undefined ? { ok: false, problem: `Expected ${expected}.` } : { ok: true, value };
}

function convert(schema: SettingSchema, raw: Typed): SettingValue | undefined {
  if (schema.type === 'boolean') return typeof raw === 'boolean' ? raw : undefined;
  if (typeof raw === 'boolean') return undefined;
  const text = raw.trim();
  switch (schema.type) {
    case 'integer':
    case 'number':
      return within(schema, text === '' ? Number.NaN : Number(text));
    case 'array': {
      const numbers = text === '' ? [] : text.split(/[\s,]+/).map(Number);
      return numbers.every(Number.isInteger) ? numbers : undefined;
    }
    case 'string':
      return schema.enum === undefined || schema.enum.includes(text) ? text : undefined;
    default:
      return schema.type satisfies never;
  }
}

function within({ type, minimum, maximum }: SettingSchema, value: number): number | undefined {
  if (!Number.isFinite(value) || (type === 'integer' && !Number.isInteger(value))) return undefined;
  if (minimum !== undefined && value < minimum) return undefined;
  return maximum !== undefined && value > maximum ? undefined : value;
}

export interface Pending {
  /** By key; empty when nothing differs. */
  readonly values: Readonly<Record<string, SettingValue>>;
  /** By key; nothing can be applied while there are any. */
  readonly problems: Readonly<Record<string, string>>;
}

export function pending(draft: Draft, settings: readonly Setting[]): Pending {
  const values: Record<string, SettingValue> = {};
  const problems: Record<string, string> = {};
  for (const setting of settings) {
    const raw = draft[setting.key];
    if (raw === undefined) continue;
    const reading = read(setting, raw);
    if (reading.ok) values[setting.key] = reading.value;
    else problems[setting.key] = reading.problem;
  }
  return { values, problems };
}

/** The sections in the order of the settings, without the first two keys, which have a place of their own. */
export function sections(
  settings: readonly Setting[],
  apart: readonly string[],
): [name: string, Setting[]][] {
  const groups = new Map<string, Setting[]>();
  for (const setting of settings) {
    if (apart.includes(setting.key)) continue;
    const [name = ''] = setting.key.split('.');
    groups.set(name, [...(groups.get(name) ?? []), setting]);
  }
  return [...groups];
}
