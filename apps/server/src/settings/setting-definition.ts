/** Every runtime setting, read off the schema: what it means, what it may be, what it is by default. */
import { z } from 'zod';
import type { KeyFacts } from '../config/keys.ts';
import { configSchema } from '../config/schema.ts';
import { defaultOf, leaves, unwrap } from '../config/walk.ts';
import { RUNTIME_SECTIONS, type RuntimeSection } from './runtime-config.ts';

/** A JSON Schema (2020-12) of one value, as far as settings need one. */
interface ValueSchema {
  readonly type?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly enum?: readonly unknown[];
  readonly items?: ValueSchema;
}

export interface SettingDefinition {
  /** `section.name`, as in the configuration. */
  readonly key: string;
  readonly section: RuntimeSection;
  readonly name: string;
  readonly facts: KeyFacts;
  readonly byDefault: unknown;
  readonly schema: z.ZodType;
  readonly valueSchema: ValueSchema;
}

/**
 * Settings in the order of the configuration. A key that holds a secret, or a reference to one, is none: it is read once, at
 * the start, and goes neither into a request nor into the database.
 */
export const DEFINITIONS: ReadonlyMap<string, SettingDefinition> = new Map(
  RUNTIME_SECTIONS.flatMap((section) =>
    leaves(configSchema.shape[section], section).flatMap(({ key, schema, facts }) =>
      facts.secret
        ? []
        : [
            [
              key,
              {
                key,
                section,
                name: key.slice(section.length + 1),
                facts,
                byDefault: defaultOf(schema),
                schema,
                valueSchema: valueSchema(schema),
              },
            ] as const,
          ],
    ),
  ),
);

function valueSchema(schema: z.ZodType): ValueSchema {
  const { $schema: _, ...json } = z.toJSONSchema(unwrap(schema), { io: 'input', unrepresentable: 'any' });
  return json as ValueSchema;
}
