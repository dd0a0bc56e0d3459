/** Whatever was thrown, as the one error shape that leaves the gateway. */

import { RequestFailure, UploadInputError } from '@ferry/core';
import { HttpException } from '@nestjs/common';
import { DatabaseUnavailable } from '../database/database-unavailable.ts';
import { fromRequestFailure } from './from-request-failure.ts';
import { badRequest, GatewayError } from './gateway-error.ts';

export function toGatewayError(thrown: unknown): GatewayError {
  if (thrown instanceof GatewayError) return thrown;
  if (RequestFailure.is(thrown)) return fromRequestFailure(thrown);
  if (UploadInputError.is(thrown)) return fromInputError(thrown);
  if (DatabaseUnavailable.is(thrown)) return databaseUnavailable(thrown);
  if (codeOf(thrown) === 'ENOSPC') return storageFull(thrown);
  if (thrown instanceof HttpException) return fromStatus(thrown.getStatus(), thrown);
  const status = statusOf(thrown);
  return status === undefined ? internalError(thrown) : fromStatus(status, thrown, codeOf(thrown));
}

/** @param param the part of the request it came in. */
export function fromInputError(error: UploadInputError, param = 'image'): GatewayError {
  switch (error.code) {
    case 'too_large':
      return badRequest(`${param} is ${error.message}.`, {
        status: 413,
        code: 'file_too_large',
        param,
        cause: error,
      });
    case 'url_not_allowed':
      return badRequest(`${param}: ${error.message}`, { code: 'url_not_allowed', param, cause: error });
    case 'url_fetch':
      return badRequest(`${param}: ${error.message}`, { code: 'url_fetch_failed', param, cause: error });
    case 'malformed':
      return badRequest(`${param}: ${error.message}`, { code: 'invalid_image', param, cause: error });
    default:
      return error.code satisfies never;
  }
}

function internalError(cause: unknown): GatewayError {
  return new GatewayError('Something went wrong in the gateway. The log has the details.', {
    status: 500,
    type: 'server_error',
    code: 'internal_error',
    cause,
  });
}

function storageFull(cause: unknown): GatewayError {
  return new GatewayError('The gateway has no room left to keep images.', {
    status: 503,
    type: 'server_error',
    code: 'storage_full',
    retryAfterMs: 60_000,
    cause,
  });
}

/** Why it is away is for the operator: health and the log say it. */
function databaseUnavailable(cause: DatabaseUnavailable): GatewayError {
  return new GatewayError('This needs the database, which is away at the moment. Try again in a moment.', {
    status: 503,
    type: 'server_error',
    code: 'database_unavailable',
    retryAfterMs: cause.retryAfterMs,
    cause,
  });
}

/** Errors of the frameworks: their status is right, their text is for developers, their code is their own. */
function fromStatus(status: number, cause: unknown, code?: string): GatewayError {
  const known = FRAMEWORK_CODES.get(code ?? '') ?? BY_STATUS.get(status);
  if (known) return badRequest(known.message, { status, code: known.code, cause });
  if (status >= 500) return internalError(cause);
  return badRequest('The request cannot be served.', { status, code: 'invalid_request', cause });
}

interface Known {
  readonly code: string;
  readonly message: string;
}

const BY_STATUS: ReadonlyMap<number, Known> = new Map([
  [400, { code: 'invalid_request', message: 'The request is malformed.' }],
  [404, { code: 'not_found', message: 'There is nothing at this address.' }],
  [408, { code: 'request_timeout', message: 'The request took too long to arrive.' }],
  [413, { code: 'request_too_large', message: 'The request is too large.' }],
  [414, { code: 'uri_too_long', message: 'The address is too long.' }],
  [415, { code: 'unsupported_media_type', message: 'This content type is not understood here.' }],
  [431, { code: 'headers_too_large', message: 'The headers are too large.' }],
]);

const FRAMEWORK_CODES: ReadonlyMap<string, Known> = new Map([
  ['FST_ERR_CTP_INVALID_JSON_BODY', { code: 'invalid_json', message: 'The body is not valid JSON.' }],
  ['FST_ERR_CTP_EMPTY_JSON_BODY', { code: 'invalid_json', message: 'The body is empty, expected JSON.' }],
  ['FST_FIELDS_LIMIT', { code: 'too_many_fields', message: 'The form has too many fields.' }],
  [
    'FST_PROTO_VIOLATION',
    { code: 'unknown_field', message: 'A field of the form has a name that is not allowed.' },
  ],
]);

function statusOf(thrown: unknown): number | undefined {
  if (typeof thrown !== 'object' || thrown === null || !('statusCode' in thrown)) return undefined;
  const { statusCode } = thrown;
  return typeof statusCode === 'number' && statusCode >= 400 && statusCode < 600 ? statusCode : undefined;
}

function codeOf(thrown: unknown): string | undefined {
  if (typeof thrown !== 'object' || thrown === null || !('code' in thrown)) return undefined;
  return typeof thrown.code === 'string' ? thrown.code : undefined;
}
