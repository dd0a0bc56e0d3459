import { fromBytes, type RequestBody } from '../transport/request-body.ts';
import type { TransportRequest } from '../transport/transport.ts';

/** What is left of a WHATWG request once it has been read: all that goes on the wire. */
export interface FetchTarget {
  readonly method: TransportRequest['method'];
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: RequestBody | undefined;
}

const METHODS: readonly TransportRequest['method'][] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'];

/** Reads the request's body into memory, so that it can be sent again. @throws TypeError that names what cannot be served. */
export async function readFetchRequest(request: Request, init: object): Promise<FetchTarget> {
  refuseUnsupported(request, init);
  const method = METHODS.find((known) => known === request.method);
  if (method === undefined) throw unsupported(`the method ${request.method}`);
  const body = request.body === null ? undefined : fromBytes(new Uint8Array(await request.arrayBuffer()));
  // Nothing here decompresses; without the header an upstream might.
  const headers = { ...Object.fromEntries(request.headers), 'accept-encoding': 'identity' };
  return { method, url: new URL(request.url), headers, body };
}

/** What would change the meaning of a request if it were ignored in silence. */
function refuseUnsupported(request: Request, init: object): void {
  const { protocol } = new URL(request.url);
  if (protocol !== 'http:' && protocol !== 'https:') throw unsupported(`the scheme ${protocol}`);
  if ('dispatcher' in init && init.dispatcher !== undefined) throw unsupported('the option dispatcher');
  if (request.integrity !== '') throw unsupported('the option integrity');
  if (request.keepalive) throw unsupported('the option keepalive');
  if (request.credentials === 'include') throw unsupported('credentials: include (there are no cookies)');
  if (request.cache === 'force-cache' || request.cache === 'only-if-cached') {
    throw unsupported(`cache: ${request.cache} (there is no cache)`);
  }
}

function unsupported(what: string): TypeError {
  return new TypeError(`this fetch does not support ${what}`);
}
