/** The two shapes in which upstreams state errors, read into OpenAI's. */
import { isObject } from './answer-reader.ts';

/** The fields of OpenAI's error object. */
export interface UpstreamError {
  readonly message: string;
  readonly type: string;
  readonly param: string | null;
  readonly code: string | null;
  /** Whether it withholds the result because of its content policy. */
  readonly blocked: boolean;
}

const MAX_MESSAGE_CHARACTERS = 500;

/**
 * Reads `{ error: { message, type, param, code } }` and `{ code, error: "text" }`. Anything else, such as a proxy's HTML
 * page or a body that was cut short, gives a message of our own: a stranger's page is not shown.
 */
export function parseUpstreamError(status: number, text: string): Omit<UpstreamError, 'blocked'> {
  const body = parse(text);
  const error = isObject(body) ? body.error : undefined;
  const fields = isObject(error) ? error : isObject(body) ? body : {};
  const message = string(isObject(error) ? error.message : error) ?? string(fields.message);
  return {
    message: message === undefined ? `the upstream answered ${status}` : presentable(message),
    type: string(fields.type) ?? typeOf(status),
    param: string(fields.param) ?? null,
    code: string(fields.code) ?? null,
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function string(value: unknown): string | undefined {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value.trim() !== '' ? value : undefined;
}

/** One line of bounded length; upstreams quote the key they refuse, so what looks like one is masked. */
function presentable(message: string): string {
  return message
    .replace(/\b(xai|sk)-[\w*-]{4,}/g, '$1-***')
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, MAX_MESSAGE_CHARACTERS);
}

/** OpenAI's names. */
function typeOf(status: number): string {
  if (status === 401) return 'authentication_error';
  if (status === 403) return 'permission_error';
  if (status === 429) return 'rate_limit_error';
  return status >= 500 ? 'server_error' : 'invalid_request_error';
}
