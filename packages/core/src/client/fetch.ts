import type { CredentialSource } from '../credential/credential.ts';
import { singleCredential } from '../credential/single-credential.ts';
import type { AttemptLimits } from '../transport/transport.ts';
import { isRedirect, MAX_REDIRECTS, redirected } from './fetch-redirect.ts';
import { type FetchTarget, readFetchRequest } from './fetch-request.ts';
import { streamOf, toResponse } from './fetch-response.ts';
import { type LogicalRequest, type OpenAnswer, RequestFailure, type Safety } from './request.ts';
import type { ResilientClient } from './resilient-client.ts';

export interface FetchOptions {
  /** Whether a request may be sent twice when its outcome is unknown: one value for all, or one for each request. */
  readonly safety: Safety | ((request: { readonly method: string; readonly url: URL }) => Safety);
  /** Default: the bearer token of the request's own `authorization` header, if it has one. */
  readonly credential?: CredentialSource;
  readonly reuseSession?: boolean;
  /** Milliseconds for everything, the answer's body included. */
  readonly deadlineMs?: number;
  /** Parts of the client's limits to replace, for each attempt. */
  readonly limits?: Partial<AttemptLimits>;
  /** See `LogicalRequest.attemptHeader`. */
  readonly attemptHeader?: string;
  /** What log lines call the requests. Default `fetch`. */
  readonly label?: string;
}

/**
 * A `fetch` over a resilient client, for libraries that take one. Differences from the platform's: the request body is read
 * into memory, so that it can be sent again; the body of an answer from 300 on is cut after 64 KiB; nothing is compressed, cached
 * or kept in cookies. An answer is read whole within its attempt when it is JSON or up to 1 MiB long; any other body flows.
 * As fetch does, it rejects with the signal's reason when that aborts, and with a `TypeError` when there is no answer;
 * its cause is the `RequestFailure`. What it cannot do is refused by name.
 */
export function createFetch(client: ResilientClient, options: FetchOptions): typeof globalThis.fetch {
  return async (input, init) => {
    const request = new Request(input, init);
    request.signal.throwIfAborted();
    let target = await readFetchRequest(request, init ?? {});
    const first = target.url.origin;
    for (let hops = 0; ; hops += 1) {
      const response = await send(client, target, request, {
        ...options,
        isFirst: first === target.url.origin,
        hops,
      });
      if (!isRedirect(response.status) || request.redirect === 'manual') return response;
      if (request.redirect === 'error') throw new TypeError('fetch failed: the answer is a redirect');
      const next = redirected(target, response.status, response.headers.get('location') ?? undefined);
      if (next === undefined) return response;
      if (hops === MAX_REDIRECTS) throw new TypeError(`fetch failed: more than ${MAX_REDIRECTS} redirects`);
      target = next;
    }
  };
}

async function send(
  client: ResilientClient,
  target: FetchTarget,
  { signal }: Request,
  options: FetchOptions & { readonly isFirst: boolean; readonly hops: number },
): Promise<Response> {
  const { url } = target;
  const common = { url, redirected: options.hops > 0 };
  const cancelled = new AbortController();
  const either = AbortSignal.any([signal, cancelled.signal]);
  try {
    const answer = await client.open({ ...logicalRequest(target, options), signal: either });
    const { status, headers } = answer;
    refuseEncoded(headers, cancelled);
    return toResponse({ status, headers, body: bodyOf(answer, signal, cancelled), ...common });
  } catch (error) {
    if (!RequestFailure.is(error)) throw error;
    if (error.code === 'upstream_status') {
      const { status, headers = {} } = error;
      return toResponse({ status, headers, body: error.answerBody(), ...common });
    }
    if (error.code === 'aborted') throw signal.reason;
    throw new TypeError('fetch failed', { cause: error });
  }
}

function logicalRequest(
  { method, url, headers: all, body }: FetchTarget,
  options: FetchOptions & { readonly isFirst: boolean },
): LogicalRequest {
  const { authorization, ...headers } = all;
  const bearer = /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1];
  // A redirect to another origin takes no credential along.
  const own = options.isFirst ? options.credential : undefined;
  const credential = own ?? (bearer === undefined ? undefined : singleCredential(bearer, 'caller'));
  const asItIs = credential === undefined && authorization !== undefined ? { authorization } : {};
  const { safety, reuseSession, deadlineMs, limits, attemptHeader } = options;
  return {
    method,
    url,
    headers: { ...headers, ...asItIs },
    safety: typeof safety === 'function' ? safety({ method, url }) : safety,
    label: options.label ?? 'fetch',
    ...(body === undefined ? {} : { body }),
    ...(credential === undefined ? {} : { credential }),
    ...(reuseSession === undefined ? {} : { reuseSession }),
    ...(deadlineMs === undefined ? {} : { deadlineMs }),
    ...(limits === undefined ? {} : { limits }),
    ...(attemptHeader === undefined ? {} : { attemptHeader }),
  };
}

function bodyOf(
  { body }: OpenAnswer,
  signal: AbortSignal,
  cancelled: AbortController,
): ReadableStream<Uint8Array> {
  return streamOf(body, {
    cancel: () => cancelled.abort(),
    failure: (cause) => (signal.aborted ? signal.reason : new TypeError('terminated', { cause })),
  });
}

/** We ask for none: to hand on compressed bytes as if they were not would be worse than to fail. */
function refuseEncoded(headers: Readonly<Record<string, string>>, cancelled: AbortController): void {
  const encoding = headers['content-encoding'];
  if (encoding === undefined || encoding === 'identity') return;
  cancelled.abort();
  throw new TypeError('this fetch does not support content-encoding, and the upstream sent one unasked');
}
