import type { AttemptView } from '../img2img/attempt-view.ts';
import type { GatewayError } from './gateway-error.ts';

/** OpenAI's error shape; `attempts` and what else stands beside `error` are Ferry's additions. */
export interface ErrorBody {
  readonly error: {
    readonly message: string;
    readonly type: string;
    readonly param: string | null;
    readonly code: string;
  };
  readonly attempts?: readonly AttemptView[];
}

export function errorBody({ message, fields }: GatewayError): ErrorBody {
  return {
    error: { message, type: fields.type, param: fields.param ?? null, code: fields.code },
    ...fields.details,
    ...(fields.attempts && fields.attempts.length > 0 && { attempts: fields.attempts }),
  };
}

/** The headers that go with the body. */
export function errorHeaders({ fields }: GatewayError): Record<string, string> {
  const headers: Record<string, string> = { ...fields.headers };
  if (fields.status === 429 || fields.status === 503) {
    // RFC 9110 section 10.2.3: whole seconds; rounding down would invite a caller too early.
    headers['retry-after'] = String(Math.max(1, Math.ceil((fields.retryAfterMs ?? 1_000) / 1_000)));
  }
  if (fields.shouldRetry !== undefined) headers['x-should-retry'] = String(fields.shouldRetry);
  return headers;
}
