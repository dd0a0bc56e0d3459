/** Walks the configuration schema: which keys exist, and what is known of the one at a path. */
import { z } from 'zod';
import { type KeyFacts, keyFacts } from './keys.ts';

export type Path = readonly (string | number)[];

/** `provider[0].base_url` */
export function showPath(path: Path): string {
  return path.reduce<string>(
    (text, step) =>
      typeof step === 'number' ? `${text}[${step}]` : text === '' ? String(step) : `${text}.${step}`,
    '',
  );
}

/** A schema without the wrappers that say what happens when a value is absent. */
export function unwrap(schema: z.ZodType): z.ZodType {
  let inner = schema;
  while (inner instanceof z.ZodDefault || inner instanceof z.ZodPrefault || inner instanceof z.ZodOptional) {
    inner = inner.unwrap() as z.ZodType;
  }
  return inner;
}

/** The schema of the value at `path`; undefined when there is no such key. */
export function schemaAt(root: z.ZodType, path: Path): z.ZodType | undefined {
  let schema: z.ZodType | undefined = root;
  for (const step of path) {
    if (schema === undefined) return undefined;
    const inner = unwrap(schema);
    if (inner instanceof z.ZodObject) {
      schema = typeof step === 'string' && Object.hasOwn(inner.shape, step) ? inner.shape[step] : undefined;
    } else if (inner instanceof z.ZodArray) schema = inner.element as z.ZodType;
    else if (inner instanceof z.ZodRecord) schema = inner.valueType as z.ZodType;
    else return undefined;
  }
  return schema;
}

/** The facts of the key at `path`, or of the nearest key above it that has some. */
export function factsAt(root: z.ZodType, path: Path): KeyFacts | undefined {
  for (let length = path.length; length > 0; length--) {
    const schema = schemaAt(root, path.slice(0, length));
    const facts = schema && keyFacts.get(schema);
    if (facts) return facts;
  }
  return undefined;
}

export interface Leaf {
  /** `provider[].name` for keys of a list of tables. */
  readonly key: string;
  readonly schema: z.ZodType;
  readonly facts: KeyFacts;
}

/** Every key with its facts, in the schema's order. */
export function leaves(schema: z.ZodType, prefix = ''): Leaf[] {
  const facts = keyFacts.get(schema);
  if (facts) return [{ key: prefix, schema, facts }];
  const inner = unwrap(schema);
  if (inner instanceof z.ZodArray) return leaves(inner.element as z.ZodType, `${prefix}[]`);
  if (!(inner instanceof z.ZodObject)) return [];
  return Object.entries(inner.shape).flatMap(([name, child]) =>
    leaves(child as z.ZodType, prefix === '' ? name : `${prefix}.${name}`),
  );
}

/** The default of a leaf; undefined when the key has none. */
export function defaultOf(schema: z.ZodType): unknown {
  return schema instanceof z.ZodDefault ? schema.def.defaultValue : undefined;
}
