/** What /docs says about the errors of requests with images: status to meaning, in the words of the error table. */
import { applyDecorators } from '@nestjs/common';
import { ApiResponse } from '@nestjs/swagger';
import { errorSchema, openApi } from './json-schema.ts';

export type StatusMeanings = Readonly<Record<number, string>>;

export const IMAGE_REQUEST_ERRORS: StatusMeanings = {
  400: 'A field or an image is at fault; `param` names it. Codes: `invalid_value`, `missing_required_parameter`, `unknown_parameter`, `model_not_found`, `too_many_images`, `invalid_image`, `invalid_multipart`, `url_not_allowed`, `content_blocked`.',
  401: 'The key is missing or wrong.',
  413: 'An image is over the size limit.',
  415: 'Not a content type that is understood here.',
  409: 'This `Idempotency-Key` came before, and its answer was too large to keep: `idempotent_result_gone`.',
  422: 'This `Idempotency-Key` came before with another payload (`idempotency_key_reused`), or the upstream refused the request (`upstream_rejected`).',
  429: 'The upstream limits the rate; see `retry-after`.',
  502: 'The upstream failed: `upstream_transport`, `upstream_status`, `upstream_auth`, `upstream_bad_answer`, or `upstream_unknown_outcome`, which must not be sent again (`x-should-retry: false`).',
  503: 'Too many requests wait already (`overloaded`), stopping, or the upstream is away. Nothing of the request was kept; `retry-after` says when a place can be expected.',
  504: 'Not done within the deadline: `deadline_exceeded`.',
};

export const DescribeErrors = (meanings: StatusMeanings): MethodDecorator =>
  applyDecorators(
    ...Object.entries(meanings).map(([status, description]) =>
      ApiResponse({ status: Number(status), description, schema: openApi(errorSchema) }),
    ),
  );
