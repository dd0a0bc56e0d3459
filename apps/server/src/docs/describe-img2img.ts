/** What /docs says about img2img: made from the schemas that validate it. */
import { applyDecorators } from '@nestjs/common';
import { ApiConsumes, ApiOperation, ApiProduces, ApiResponse } from '@nestjs/swagger';
import { answerSchema } from '../img2img/answer.ts';
import { formSchema } from '../img2img/form-schema.ts';
import { DescribeErrors, IMAGE_REQUEST_ERRORS } from './errors.ts';
import { IdempotencyKeyHeader } from './idempotency-key-header.ts';
import { jsonSchema, type OpenApiSchema, openApi } from './json-schema.ts';

const image = {
  description:
    'A file (PNG, JPEG or WebP), an http(s) URL, or a base64 data URI. Repeat the field, or use `image[]`, for several.',
  type: 'array',
  minItems: 1,
  // For a file picker in the documentation; an address is text in the same place.
  items: { type: 'string', format: 'binary' },
};

/** The form, with the limits that are configured. */
export function img2imgBody(maxPromptChars: number): Record<string, { schema: OpenApiSchema }> {
  const form = jsonSchema(formSchema(maxPromptChars), 'input');
  const schema = openApi({
    ...form,
    properties: { image, ...form.properties },
    required: ['image', ...(form.required ?? [])],
  });
  return { 'multipart/form-data': { schema } };
}

export function DescribeImg2Img(): MethodDecorator {
  return applyDecorators(
    ApiOperation({
      summary: 'Edit images',
      description:
        'Uploads each image to the upstream and asks for the edit. With `Accept: text/event-stream` the answer is a stream of the events `accepted`, `image`, `upload`, `edit`, and at the end `result` or `failed`.',
    }),
    IdempotencyKeyHeader(),
    ApiConsumes('multipart/form-data'),
    ApiProduces('application/json', 'text/event-stream'),
    ApiResponse({
      status: 200,
      description: 'The edited images.',
      schema: openApi(jsonSchema(answerSchema, 'output')),
    }),
    DescribeErrors(IMAGE_REQUEST_ERRORS),
  );
}
