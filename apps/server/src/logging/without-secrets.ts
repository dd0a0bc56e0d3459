/** Field names whose values never reach a log. */
export const SECRET_NAMES: readonly string[] = [
  'authorization',
  'cookie',
  'set-cookie',
  'x-api-key',
  'secret',
  'api_key',
  'admin_key',
];

export const REDACTED = '[redacted]';

const names: ReadonlySet<string> = new Set(SECRET_NAMES);

/** How deep fields are looked through: a field, what is in it, and what is in that. */
const LEVELS = 3;

/**
 * What may be logged of `fields`: themselves where they hold no secret, which costs a look at their names; else a copy in which it is redacted.
 * An error under `err` is left to the serializer, which tells more of it than its fields.
 */
export function withoutSecrets<T extends object>(fields: T, levels: number = LEVELS): T {
  let copy: Record<string, unknown> | undefined;
  for (const [name, value] of Object.entries(fields) as [string, unknown][]) {
    const kept = names.has(name) ? REDACTED : inside(name, value, levels - 1);
    if (kept === value) continue;
    copy ??= (Array.isArray(fields) ? [...fields] : { ...fields }) as Record<string, unknown>;
    copy[name] = kept;
  }
  return (copy ?? fields) as T;
}

function inside(name: string, value: unknown, levels: number): unknown {
  if (levels === 0 || typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
  return name === 'err' && value instanceof Error ? value : withoutSecrets(value, levels);
}
