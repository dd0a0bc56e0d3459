import type { ClientHttp2Session, ClientHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import { Client } from 'undici';
import type { Rider } from './rider.ts';
import { sessionOf } from './session-probe.ts';

/** setTimeout's largest delay: undici's own idle eviction must never come before ours. */
const NEVER_MS = 2_147_483_647;

/**
 * An undici client that is given one socket and no second one: it can never reconnect, and is that connection.
 * @param socket asked once, when the client is to connect: the socket is ready by then.
 */
export function oneSocketClient(origin: URL, socket: () => Socket): Client {
  let served = false;
  const url = new URL(origin.origin);
  // undici asks for it at every request, and a URL puts it together anew.
  Object.defineProperty(url, 'origin', { value: url.origin });
  return new Client(url, {
    connect: (_, callback) => {
      if (served) return callback(new Error('this client has had its one connection'), null);
      served = true;
      callback(null, socket());
    },
    // Our clock enforces every limit; undici's timers tick at 1x to 2x and answer to nobody.
    headersTimeout: 0,
    bodyTimeout: 0,
    keepAliveTimeout: NEVER_MS,
    h2Options: { pingInterval: 0, maxConcurrentStreams: NEVER_MS },
  });
}

/**
 * Makes the client take its socket now, not at the first request: a request that ends itself before its stream is opened
 * makes the client connect, and nothing of it reaches the wire.
 */
export function connectNow(client: Client, socket: Socket): ClientHttp2Session {
  const nothing = () => undefined;
  client.dispatch(
    { path: '/', method: 'GET' },
    {
      onRequestStart: (controller) => controller.abort(new Error('only connecting')),
      onResponseStart: nothing,
      onResponseData: nothing,
      onResponseEnd: nothing,
      onResponseError: nothing,
    },
  );
  const session = sessionOf(socket);
  if (session === undefined) throw new Error('undici keeps its session elsewhere: see session-probe.ts');
  return session;
}

/**
 * Puts a gate before the one place where streams are opened.
 * @param next takes whoever asked for the stream that is about to be opened; nobody may open one unasked.
 */
export function guardStreams(
  session: ClientHttp2Session,
  next: () => Pick<Rider, 'onStream' | 'onNoStream'> | undefined,
): void {
  const request = session.request.bind(session);
  session.request = (headers, options) => {
    const owner = next();
    if (owner === undefined) throw new Error('a stream that belongs to no exchange');
    let stream: ClientHttp2Stream;
    try {
      stream = request(rawHeaders(headers as Readonly<Record<string, string>>), options);
    } catch (error) {
      // undici destroys the whole session over what one request did wrong (client-h2.js, `openStream`), but takes no stream at all
      // for a request that has been aborted.
      owner.onNoStream(error instanceof Error ? error : new Error('no stream', { cause: error }));
      return undefined as unknown as ClientHttp2Stream;
    }
    owner.onStream(stream);
    return stream;
  };
}

/** As names followed by their values, which Node sends as they are. An object it copies first, into one that V8 is slow with. */
function rawHeaders(headers: Readonly<Record<string, string>>): string[] {
  const raw: string[] = [];
  for (const name of Object.keys(headers)) raw.push(name, headers[name] ?? '');
  return raw;
}
