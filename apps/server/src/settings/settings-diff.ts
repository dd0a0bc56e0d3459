import { isDeepStrictEqual } from 'node:util';
import type { Config } from '../config/schema.ts';
import { type Overrides, valueIn } from './overrides.ts';
import { DEFINITIONS } from './setting-definition.ts';

/** One setting as it was and as it is. */
export interface SettingDiff {
  readonly key: string;
  readonly from: unknown;
  readonly to: unknown;
  /** Whether `to` is what the configuration says: the setting is not changed any more. */
  readonly configured: boolean;
}

/**
 * What differs between two sets of overrides, on an instance that is configured as `started`. A setting that a set leaves
 * out is as configured.
 */
export function diffOf(started: Config, before: Overrides, after: Overrides): SettingDiff[] {
  const keys = [...new Set([...DEFINITIONS.keys(), ...Object.keys(before), ...Object.keys(after)])];
  return keys.flatMap((key) => {
    const [had, has] = [Object.hasOwn(before, key), Object.hasOwn(after, key)];
    if (!had && !has) return [];
    if (had === has && isDeepStrictEqual(before[key], after[key])) return [];
    const definition = DEFINITIONS.get(key);
    const configured = definition === undefined ? null : valueIn(started, definition);
    return [
      {
        key,
        from: had ? before[key] : configured,
        to: has ? after[key] : configured,
        configured: !has,
      },
    ];
  });
}
