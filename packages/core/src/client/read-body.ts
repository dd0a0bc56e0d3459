import { TransportError } from '../transport/transport-error.ts';

/** An error page longer than this is not worth reading for the sake of keeping its connection. Bytes. */
const MAX_ERROR_BODY_BYTES = 64 * 1024;

/** Collects a whole body; undefined when it is longer than `maxBytes`, and the exchange is cancelled then. */
export async function readWhole(
  body: AsyncIterable<Uint8Array>,
  maxBytes: number,
): Promise<Uint8Array | undefined> {
  const parts: Uint8Array[] = [];
  let total = 0;
  for await (const part of body) {
    total += part.byteLength;
    if (total > maxBytes) return undefined;
    parts.push(part);
  }
  return joined(parts, total);
}

export interface StartOfBody {
  readonly bytes: Uint8Array;
  /** Why the rest is missing, when the body broke off. */
  readonly error?: unknown;
}

/**
 * Reads an error's body. It never throws: the status is what counts, and it has arrived. A short body is read to its
 * end, so that the connection stays usable.
 */
export async function readStart(body: AsyncIterable<Uint8Array>): Promise<StartOfBody> {
  const parts: Uint8Array[] = [];
  let total = 0;
  try {
    for await (const part of body) {
      parts.push(part);
      total += part.byteLength;
      if (total > MAX_ERROR_BODY_BYTES) break;
    }
  } catch (error) {
    return { bytes: joined(parts, total), error };
  }
  return { bytes: joined(parts, total) };
}

function joined(parts: readonly Uint8Array[], total: number): Uint8Array {
  const [only] = parts;
  if (only !== undefined && parts.length === 1) return only;
  const bytes = new Uint8Array(total);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.byteLength;
  }
  return bytes;
}

/** Holds a transport to its contract: whatever else it throws becomes an error of unknown delivery. */
export function asTransportError(thrown: unknown, fallback: TransportError['exchange']): TransportError {
  if (TransportError.is(thrown)) return thrown;
  return new TransportError('the transport threw something other than a TransportError', {
    kind: 'protocol',
    phase: 'request',
    delivery: 'unknown',
    exchange: fallback,
    cause: thrown,
  });
}
