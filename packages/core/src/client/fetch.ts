import type { CredentialSource } from '../credential/credential.ts';
import { singleCredential } from '../credential/single-credential.ts';
import { fromBytes } from '../transport/request-body.ts';
import type { TransportRequest } from '../transport/transport.ts';
import { type Answer, type LogicalRequest, RequestFailure, type Safety } from './request.ts';
import type { ResilientClient } from './resilient-client.ts';

export interface FetchOptions {
  /** Whether a request may be sent twice when its outcome is unknown. One value for all requests of this function. */
  readonly safety: Safety;
  /** Default: the bearer token of the request's own `authorization` header, if it has one. */
  readonly credential?: CredentialSource;
  readonly reuseSession?: boolean;
  /** Milliseconds for everything. */
  readonly deadlineMs?: number;
  /** What log lines call the requests. Default `fetch`. */
  readonly label?: string;
}

const METHODS: readonly TransportRequest['method'][] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'];

/** RFC 9110: these answers have no body, and `Response` refuses one. */
const WITHOUT_BODY: ReadonlySet<number> = new Set([204, 205, 304]);

/**
 * A `fetch` over a resilient client, for libraries that take one. Differences from the platform's: the request body is
 * read into memory, so that it can be sent again; redirects are not followed; the body of an answer from 300 on is cut
 * after 2 KiB; `Response.url` is empty.
 * As fetch does, it rejects with the signal's reason when that aborts, and with a `TypeError` when there is no answer;
 * its cause is the `RequestFailure`.
 */
export function createFetch(client: ResilientClient, options: FetchOptions): typeof globalThis.fetch {
  return async (input, init) => {
    const request = new Request(input, init);
    const logical = await logicalRequest(request, options);
    try {
      return toResponse(await client.request(logical));
    } catch (error) {
      if (!RequestFailure.is(error)) throw error;
      if (error.code === 'upstream_status')
        return toResponse({ ...error, headers: error.headers ?? {} }, error.excerpt);
      if (error.code === 'aborted') throw request.signal.reason;
      throw new TypeError('fetch failed', { cause: error });
    }
  };
}

async function logicalRequest(request: Request, options: FetchOptions): Promise<LogicalRequest> {
  const method = METHODS.find((known) => known === request.method);
  if (method === undefined) throw new TypeError(`fetch cannot send the method ${request.method}`);
  const { authorization, ...headers } = Object.fromEntries(request.headers);
  const bearer = /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1];
  const credential =
    options.credential ?? (bearer === undefined ? undefined : singleCredential(bearer, 'caller'));
  const asItIs = credential === undefined && authorization !== undefined ? { authorization } : {};
  return {
    method,
    url: new URL(request.url),
    headers: { ...headers, ...asItIs },
    safety: options.safety,
    label: options.label ?? 'fetch',
    signal: request.signal,
    ...(request.body === null ? {} : { body: fromBytes(new Uint8Array(await request.arrayBuffer())) }),
    ...(credential === undefined ? {} : { credential }),
    ...(options.reuseSession === undefined ? {} : { reuseSession: options.reuseSession }),
    ...(options.deadlineMs === undefined ? {} : { deadlineMs: options.deadlineMs }),
  };
}

function toResponse(
  { status, headers, bytes }: Pick<Answer, 'status' | 'headers'> & { bytes?: Uint8Array },
  excerpt?: string,
): Response {
  const body = bytes === undefined ? excerpt : new Uint8Array(bytes);
  const entries = Object.entries(headers).flatMap(([name, value]): [string, string][] =>
    value.split('\n').map((one) => [name, one]),
  );
  return new Response(WITHOUT_BODY.has(status) ? null : (body ?? null), { status, headers: entries });
}
