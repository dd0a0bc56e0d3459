import type { AttemptView } from '../img2img/attempt-view.ts';

/** OpenAI's error types, as far as the gateway uses them. A closed set. */
export const ERROR_TYPES = [
  'invalid_request_error',
  'authentication_error',
  'permission_error',
  'rate_limit_error',
  'upstream_error',
  'server_error',
] as const;

type ErrorType = (typeof ERROR_TYPES)[number];

export interface GatewayErrorFields {
  /** HTTP status of the answer. */
  readonly status: number;
  readonly type: ErrorType;
  readonly code: string;
  /** The field of the request that is at fault. */
  readonly param?: string;
  /** Milliseconds the caller should wait before it tries again. */
  readonly retryAfterMs?: number;
  /** Tells clients that heed `x-should-retry` (OpenAI's do) whether to send the request again. */
  readonly shouldRetry?: boolean;
  /** What was tried upstream. */
  readonly attempts?: readonly AttemptView[];
  /** Further members of the answer beside `error`. */
  readonly details?: Readonly<Record<string, unknown>>;
  /** Further headers, such as `allow`. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly cause?: unknown;
}

/** An error as callers see it. Everything that can go wrong becomes one of these before it leaves. */
export class GatewayError extends Error {
  override readonly name = 'GatewayError';
  readonly fields: GatewayErrorFields;

  constructor(message: string, fields: GatewayErrorFields) {
    super(message, fields.cause === undefined ? undefined : { cause: fields.cause });
    this.fields = fields;
  }
}

/** The request is at fault: 400 unless another status says it better. */
export function badRequest(
  message: string,
  fields: {
    readonly code: string;
    readonly param?: string;
    readonly status?: number;
    readonly cause?: unknown;
  },
): GatewayError {
  return new GatewayError(message, {
    type: 'invalid_request_error',
    ...fields,
    status: fields.status ?? 400,
  });
}
