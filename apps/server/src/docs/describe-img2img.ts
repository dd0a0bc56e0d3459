/** What /docs says about img2img: made from the schemas that validate it. */
import { applyDecorators } from '@nestjs/common';
import { ApiConsumes, ApiHeader, ApiOperation, ApiProduces, ApiResponse } from '@nestjs/swagger';
import { answerSchema } from '../img2img/answer.ts';
import { formSchema } from '../img2img/form-schema.ts';
import { errorSchema, jsonSchema, type OpenApiSchema, openApi } from './json-schema.ts';

const image = {
  description:
    'A file (PNG, JPEG or WebP), an http(s) URL, or a base64 data URI. Repeat the field, or use `image[]`, for several.',
  type: 'array',
  minItems: 1,
  // For a file picker in the documentation; an address is text in the same place.
  items: { type: 'string', format: 'binary' },
};

/** The form, with the limits that are configured. */
export function formDescription(maxPromptChars: number): OpenApiSchema {
  const form = jsonSchema(formSchema(maxPromptChars), 'input');
  return openApi({
    ...form,
    properties: { image, ...form.properties },
    required: ['image', ...(form.required ?? [])],
  });
}

/** Status to meaning, in the words of the error table. */
const ERRORS: Readonly<Record<number, string>> = {
  400: 'A field or an image is at fault; `param` names it. Codes: `invalid_value`, `missing_required_parameter`, `unknown_parameter`, `model_not_found`, `too_many_images`, `invalid_image`, `invalid_multipart`, `url_not_allowed`, `content_blocked`.',
  401: 'The admin key is missing or wrong.',
  413: 'An image is over the size limit.',
  415: 'Not multipart/form-data.',
  409: 'This `Idempotency-Key` came before, and its answer was too large to keep: `idempotent_result_gone`.',
  422: 'This `Idempotency-Key` came before with another payload (`idempotency_key_reused`), or the upstream refused the request (`upstream_rejected`).',
  429: 'The upstream limits the rate; see `retry-after`.',
  502: 'The upstream failed: `upstream_transport`, `upstream_status`, `upstream_auth`, `upstream_bad_answer`, or `upstream_unknown_outcome`, which must not be sent again (`x-should-retry: false`).',
  503: 'Too many requests wait already (`overloaded`), stopping, or the upstream is away. Nothing of the request was kept; `retry-after` says when a place can be expected.',
  504: 'Not done within the deadline: `deadline_exceeded`.',
};

export function DescribeImg2Img(): MethodDecorator {
  return applyDecorators(
    ApiOperation({
      summary: 'Edit images',
      description:
        'Uploads each image to the upstream and asks for the edit. With `Accept: text/event-stream` the answer is a stream of the events `accepted`, `image`, `upload`, `edit`, and at the end `result` or `failed`.',
    }),
    ApiHeader({
      name: 'Idempotency-Key',
      required: false,
      description:
        'Names this request, 1 to 255 visible ASCII characters. Sent again, it gets the same answer with `idempotent-replayed: true`, and nothing is billed twice.',
    }),
    ApiConsumes('multipart/form-data'),
    ApiProduces('application/json', 'text/event-stream'),
    ApiResponse({
      status: 200,
      description: 'The edited images.',
      schema: openApi(jsonSchema(answerSchema, 'output')),
    }),
    ...Object.entries(ERRORS).map(([status, description]) =>
      ApiResponse({ status: Number(status), description, schema: openApi(errorSchema) }),
    ),
  );
}
