import type { SettingValue } from './settings-api.ts';

/** A value as a sentence shows it. */
export function valueText(value: SettingValue | undefined, unit: string | null = null): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'boolean') return value ? 'on' : 'off';
  const text = typeof value === 'object' ? value.join(', ') : String(value);
  return unit === null ? text : `${text} ${unit}`;
}
