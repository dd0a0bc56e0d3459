/** Schemas of zod in the words of OpenAPI. */
import type { ApiBody } from '@nestjs/swagger';
import { z } from 'zod';

export type OpenApiSchema = Extract<Parameters<typeof ApiBody>[0], { schema: unknown }>['schema'];
export type JsonSchema = Record<string, unknown> & {
  readonly properties?: object;
  readonly required?: readonly string[];
};

/** A zod schema as OpenAPI 3.1 takes it (JSON Schema 2020-12, without its own `$schema`). */
export function jsonSchema(schema: z.ZodType, io: 'input' | 'output'): JsonSchema {
  const { $schema: _, ...json } = z.toJSONSchema(schema, {
    io,
    target: 'draft-2020-12',
    unrepresentable: 'any',
  });
  return json as JsonSchema;
}

/** `@nestjs/swagger` types OpenAPI 3.0; 3.1 takes any JSON Schema. */
export const openApi = (schema: JsonSchema): OpenApiSchema => schema as object as OpenApiSchema;

/** Every error that leaves the gateway. */
export const errorSchema = jsonSchema(
  z.object({
    error: z.object({
      message: z.string(),
      type: z.string(),
      param: z.string().nullable(),
      code: z.string(),
    }),
    attempts: z.array(z.record(z.string(), z.unknown())).optional().describe('What was tried upstream.'),
  }),
  'output',
);
