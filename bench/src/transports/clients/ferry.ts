import {
  DEFAULT_ATTEMPT_LIMITS,
  FRESH,
  fromBytes,
  POOLED,
  PREWARMED,
  type RequestBody,
  type ReusePolicy,
  type Transport,
} from '@ferry/core';
import type { createHttp1Transport } from '@ferry/transport-http1';
import type { createUndiciTransport } from '@ferry/transport-undici';
import type { VariantName } from '../variants.ts';
import type { BenchClient } from './client.ts';
import { UPLOAD_HEADERS } from './upload-headers.ts';

/**
 * Our own transport for `variant`; undefined when it is somebody else's.
 * @param baseline the module of another build of the transport.
 */
export async function ferryTransport(
  variant: VariantName,
  ca: string | undefined,
  baseline?: string,
): Promise<Transport | undefined> {
  const tls = ca === undefined ? {} : { tls: { ca } };
  const undici = async (policy: ReusePolicy): Promise<Transport> =>
    (await import('@ferry/transport-undici')).createUndiciTransport({ policy, ...tls });
  const http1 = async (policy: ReusePolicy): Promise<Transport> =>
    (await import('@ferry/transport-http1')).createHttp1Transport({ policy, ...tls });
  switch (variant) {
    case 'undici-pooled':
      return await undici(POOLED);
    case 'undici-pooled-8':
      return await undici({ ...POOLED, maxStreams: 8 });
    case 'undici-prewarmed':
      return await undici(PREWARMED);
    case 'undici-fresh':
      return await undici(FRESH);
    case 'http1-pooled':
      return await http1(POOLED);
    case 'http1-fresh':
      return await http1(FRESH);
    case 'undici-pooled-baseline': {
      const other: { createUndiciTransport: typeof createUndiciTransport } = await otherBuild(baseline);
      return other.createUndiciTransport({ policy: POOLED, ...tls });
    }
    case 'http1-pooled-baseline': {
      const other: { createHttp1Transport: typeof createHttp1Transport } = await otherBuild(baseline);
      return other.createHttp1Transport({ policy: POOLED, ...tls });
    }
    default:
      return undefined;
  }
}

async function otherBuild<T>(module: string | undefined): Promise<T> {
  if (module === undefined) throw new Error('another build needs --baseline');
  return (await import(module)) as T;
}

/** Uploads through a transport as the retry engine does: a signal and limits for each attempt, the answer read whole. */
export function ferryClient(transport: Transport, url: string): BenchClient {
  const target = new URL(url);
  return {
    upload: (body) => sendBody(transport, target, fromBytes(body)),
    close: () => transport.close(),
  };
}

export async function sendBody(transport: Transport, url: URL, body: RequestBody): Promise<string> {
  const response = await transport.send(
    { method: 'POST', url, headers: UPLOAD_HEADERS, body },
    { signal: new AbortController().signal, limits: DEFAULT_ATTEMPT_LIMITS },
  );
  let text = '';
  // The answers are ASCII. A short one is one chunk, which nobody's `text()` copies.
  for await (const chunk of response.body) text += asBuffer(chunk).toString('latin1');
  return text;
}

function asBuffer(chunk: Uint8Array): Buffer {
  return Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
}
