/** What /docs says about files. */
import { applyDecorators } from '@nestjs/common';
import { ApiConsumes, ApiOperation, ApiQuery, ApiResponse } from '@nestjs/swagger';
import { fileFormSchema } from '../files/file-form.ts';
import { fileObjectSchema } from '../files/file-object.ts';
import { DescribeErrors, IMAGE_REQUEST_ERRORS, type StatusMeanings } from './errors.ts';
import { IdempotencyKeyHeader } from './idempotency-key-header.ts';
import { jsonSchema, type OpenApiSchema, openApi } from './json-schema.ts';

/** The form of an upload. */
export function fileBody(): Record<string, { schema: OpenApiSchema }> {
  const { properties, required = [], ...form } = jsonSchema(fileFormSchema, 'input');
  const file = { type: 'string', format: 'binary', description: 'PNG, JPEG or WebP.' };
  return {
    'multipart/form-data': {
      schema: openApi({ ...form, properties: { file, ...properties }, required: ['file', ...required] }),
    },
  };
}

const NO_DATABASE: StatusMeanings = {
  503: 'The database, which knows the files, is away: `database_unavailable`.',
};
const NO_FILE: StatusMeanings = { 404: 'There is no such file of this caller: `file_not_found`.' };
const file = openApi(jsonSchema(fileObjectSchema, 'output'));

export const DescribeUpload = (): MethodDecorator =>
  applyDecorators(
    ApiOperation({
      summary: 'Upload an image once, to name it in several edits',
      description:
        'It goes to the upstream at once; Ferry keeps no copy. Only the API key that uploaded it can name it.',
    }),
    IdempotencyKeyHeader(),
    ApiConsumes('multipart/form-data'),
    ApiResponse({ status: 200, description: 'The file.', schema: file }),
    DescribeErrors({ ...IMAGE_REQUEST_ERRORS, ...NO_DATABASE }),
  );

export const DescribeFiles = (): MethodDecorator =>
  applyDecorators(
    ApiOperation({ summary: "The caller's files, the newest first" }),
    ApiQuery({ name: 'limit', required: false, description: '1 to 10000. Default 1000.' }),
    ApiQuery({ name: 'order', required: false, description: '`asc` or `desc`, by time.' }),
    ApiQuery({ name: 'after', required: false, description: 'The id of the last file of the page before.' }),
    ApiQuery({ name: 'purpose', required: false, description: 'Only files of this purpose.' }),
    ApiResponse({ status: 200, description: 'A page of them.' }),
    DescribeErrors(NO_DATABASE),
  );

export const DescribeFile = (): MethodDecorator =>
  applyDecorators(
    ApiOperation({ summary: 'One file' }),
    ApiResponse({ status: 200, description: 'The file.', schema: file }),
    DescribeErrors({ ...NO_FILE, ...NO_DATABASE }),
  );

export const DescribeDeletion = (): MethodDecorator =>
  applyDecorators(
    ApiOperation({
      summary: 'Forget a file',
      description:
        'It can no longer be named. The upstream keeps it until it expires there, as `ferry` in the answer says.',
    }),
    ApiResponse({ status: 200, description: 'It is forgotten.' }),
    DescribeErrors({ ...NO_FILE, ...NO_DATABASE }),
  );
