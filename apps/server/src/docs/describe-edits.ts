/** What /docs says about OpenAI's edits: made from the schemas that validate them. */
import { applyDecorators } from '@nestjs/common';
import { ApiConsumes, ApiOperation, ApiProduces, ApiResponse } from '@nestjs/swagger';
import { z } from 'zod';
import { editAnswerSchema } from '../openai/edit-answer.ts';
import { editFieldsSchema } from '../openai/edit-fields.ts';
import { imageReferenceSchema } from '../openai/json-edit-schema.ts';
import { DescribeErrors, IMAGE_REQUEST_ERRORS } from './errors.ts';
import { IdempotencyKeyHeader } from './idempotency-key-header.ts';
import { jsonSchema, type OpenApiSchema, openApi } from './json-schema.ts';

/** The bodies that an edit can have, with the limits that are configured. */
export function editBodies(maxPromptChars: number): Record<string, { schema: OpenApiSchema }> {
  const fields = jsonSchema(editFieldsSchema(maxPromptChars), 'input');
  const required = fields.required ?? [];
  const image = {
    type: 'array',
    minItems: 1,
    items: { type: 'string', format: 'binary' },
    description: 'PNG, JPEG or WebP. Several: `image[]`, or `image` repeated.',
  };
  const images = { type: 'array', minItems: 1, items: jsonSchema(imageReferenceSchema, 'input') };
  return {
    'multipart/form-data': {
      schema: openApi({
        ...fields,
        properties: { image, ...fields.properties },
        required: ['image', ...required],
      }),
    },
    'application/json': {
      schema: openApi({
        ...fields,
        properties: { images, ...fields.properties, ...JSON_TYPES },
        required: ['images', ...required],
      }),
    },
  };
}

/** What JSON has other types for than text. */
const JSON_TYPES = jsonSchema(
  z.object({
    n: z.int().min(1).max(10).default(1),
    stream: z.boolean().default(false),
    partial_images: z.int().min(0).max(3).optional(),
    output_compression: z.int().min(0).max(100).optional(),
  }),
  'input',
).properties;

export function DescribeEdits(): MethodDecorator {
  return applyDecorators(
    ApiOperation({
      summary: 'Edit images, as OpenAI’s API does',
      description:
        'By multipart with the images themselves, or by JSON with `images: [{ file_id | image_url }]`. With `stream` the answer is a stream of `image_edit.completed` events, one for each result; what fails after its headers are out is an `error` event.',
    }),
    IdempotencyKeyHeader(),
    ApiConsumes('multipart/form-data', 'application/json'),
    ApiProduces('application/json', 'text/event-stream'),
    ApiResponse({
      status: 200,
      description: 'The edited images.',
      schema: openApi(jsonSchema(editAnswerSchema, 'output')),
    }),
    DescribeErrors({
      ...IMAGE_REQUEST_ERRORS,
      404: 'There is no such file, or the upstream no longer has it: `file_not_found`.',
    }),
  );
}
