/** Environment variables as configuration: `FERRY_UPLOAD__REUSE_SESSION=true` is `upload.reuse_session`. */
import { z } from 'zod';
import { type Path, schemaAt, unwrap } from './walk.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export interface EnvironmentValue {
  readonly variable: string;
  readonly path: Path;
  readonly value: unknown;
}

const PREFIX = 'FERRY_';

/** Reads by the caller, not a configuration key. */
const RESERVED = new Set(['FERRY_CONFIG']);

/**
 * The configuration values among the variables, and the names that start with `FERRY_` and are none. A name with `__`
 * must be a key; one without may belong to somebody else (such as the secret behind `env:FERRY_ADMIN_KEY`).
 */
export function readEnvironment(
  root: z.ZodType,
  env: Environment,
): { values: EnvironmentValue[]; problems: string[]; unused: string[] } {
  const values: EnvironmentValue[] = [];
  const problems: string[] = [];
  const unused: string[] = [];
  for (const [variable, text] of Object.entries(env)) {
    if (!variable.startsWith(PREFIX) || text === undefined || RESERVED.has(variable)) continue;
    const path = pathOf(variable);
    const schema = schemaAt(root, path);
    if (schema !== undefined) values.push({ variable, path, value: coerce(text, schema) });
    else if (variable.includes('__')) problems.push(`${variable}: there is no such key`);
    else unused.push(variable);
  }
  return { values, problems, unused };
}

function pathOf(variable: string): Path {
  return variable
    .slice(PREFIX.length)
    .toLowerCase()
    .split('__')
    .map((step) => (/^\d+$/.test(step) ? Number(step) : step));
}

/** The text as the type that the key wants; left as it is when it does not fit, so that validation can complain. */
function coerce(text: string, schema: z.ZodType): unknown {
  const inner = unwrap(schema);
  const trimmed = text.trim();
  if (inner instanceof z.ZodNumber)
    return trimmed !== '' && Number.isFinite(Number(trimmed)) ? Number(trimmed) : text;
  if (inner instanceof z.ZodBoolean) return trimmed === 'true' ? true : trimmed === 'false' ? false : text;
  if (inner instanceof z.ZodArray && !trimmed.startsWith('[')) {
    return trimmed.split(',').map((item) => coerce(item.trim(), inner.element as z.ZodType));
  }
  if (inner instanceof z.ZodArray || inner instanceof z.ZodRecord || inner instanceof z.ZodObject) {
    try {
      return JSON.parse(trimmed);
    } catch {
      return text;
    }
  }
  return text;
}
