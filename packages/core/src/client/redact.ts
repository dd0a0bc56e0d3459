import { TunnelError } from '../transport/proxy/connect-tunnel.ts';
import { TransportError } from '../transport/transport-error.ts';

/** Takes a secret out of a text. */
export type Redact = (text: string) => string;

const MAX_CAUSES = 8;

/** Replaces `secret` wherever it stands; without a secret, texts stay as they are. */
export function redactor(secret: string | undefined): Redact {
  return secret === undefined ? (text) => text : (text) => text.replaceAll(secret, '[redacted]');
}

export function redactHeaders(
  headers: Readonly<Record<string, string>>,
  redact: Redact,
): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, redact(value)]));
}

/** The same bytes, unless they hold the secret: then their text without it. */
export function redactBytes(bytes: Uint8Array, redact: Redact): Uint8Array {
  const text = new TextDecoder().decode(bytes);
  const clean = redact(text);
  return clean === text ? bytes : new TextEncoder().encode(clean);
}

/**
 * The same error without the library's own error objects, which hold the request and with it the key (got's `options`,
 * undici's `opts`): of each cause only name, code, message and stack remain. The cause of a `body-source` error is the
 * caller's own error and stays as it is, so that the caller recognises it.
 */
export function detached(error: TransportError, redact: Redact, depth = 0): TransportError {
  const { kind, phase, delivery, h2Code, exchange } = error;
  const cause = kind === 'body-source' ? error.cause : detachedCause(error.cause, redact, depth + 1);
  const copy = new TransportError(redact(error.message), { kind, phase, delivery, h2Code, exchange, cause });
  copyStack(error, copy, redact);
  return copy;
}

function detachedCause(cause: unknown, redact: Redact, depth: number): Error | undefined {
  if (cause === undefined || cause === null || depth > MAX_CAUSES) return undefined;
  if (TransportError.is(cause)) return detached(cause, redact, depth);
  if (!(cause instanceof Error)) return new Error(redact(String(cause)));
  // Connecting to several addresses fails with an AggregateError that has no message of its own.
  const next = cause.cause ?? (cause instanceof AggregateError ? cause.errors[0] : undefined);
  const nextCopy = detachedCause(next, redact, depth + 1);
  const copy = emptyCopy(cause, redact(cause.message), nextCopy);
  copy.name = cause.name;
  if ('code' in cause && typeof cause.code === 'string') Object.assign(copy, { code: cause.code });
  copyStack(cause, copy, redact);
  return copy;
}

/** A proxy's refusal stays recognisable: it is told in its own words. */
function emptyCopy(error: Error, message: string, cause: Error | undefined): Error {
  if (TunnelError.is(error)) return new TunnelError(error.kind, message, { status: error.status, cause });
  return new Error(message, cause === undefined ? undefined : { cause });
}

function copyStack(from: Error, to: Error, redact: Redact): void {
  if (from.stack !== undefined) to.stack = redact(from.stack);
}
