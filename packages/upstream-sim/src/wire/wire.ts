import { type IncomingHttpHeaders, IncomingMessage, type ServerResponse } from 'node:http';
import { constants, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2';
import type { Readable, Writable } from 'node:stream';
import type { Protocol } from '../ledger.ts';
import type { Connection } from './connection-book.ts';

/** One request on the wire, the same over both protocols, with what can be done to it. */
export interface Wire {
  readonly protocol: Protocol;
  readonly connection: Connection;
  /** HTTP/2 only. */
  readonly streamId: number | undefined;
  readonly method: string;
  /** Path with query. */
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
  readonly authority: string;
  /** The request body as it comes. */
  readonly body: Readable;
  /** Whether the peer broke the body off; Node shows that as an ordinary end on HTTP/2. */
  bodyCutOff(): boolean;
  /** The answer's body; write after `respond`. */
  readonly out: Writable;
  /** Sends the headers. `unfinished` promises that the body will be broken off rather than ended. */
  respond(status: number, headers: Readonly<Record<string, string>>, unfinished?: boolean): void;
  /** Aborted when the exchange is over, whether it went well or not. */
  readonly over: AbortSignal;
  /** Whether the answer was written whole and the peer did not refuse it. */
  answered(): boolean;
  /** RST_STREAM; false over HTTP/1.1, which has none. */
  resetStream(code: number): boolean;
  /** GOAWAY; after NO_ERROR the connection closes when its last request is over. False over HTTP/1.1. */
  goaway(code: number, lastStreamId: number): boolean;
  /** Closes the TCP connection with RST. */
  resetConnection(): void;
  /** Closes our side of the TCP connection with FIN, without a word in TLS or HTTP/2. */
  finConnection(): void;
}

/** Milliseconds that a client has to close its side after our FIN, before the socket is destroyed. */
const LINGER_MS = 1000;

export function wireOf(
  request: IncomingMessage | Http2ServerRequest,
  response: ServerResponse | Http2ServerResponse,
  connection: Connection,
): Wire {
  connection.uses += 1;
  return request instanceof IncomingMessage
    ? http1Wire(request, response as ServerResponse, connection)
    : http2Wire(request, connection);
}

function http2Wire(request: Http2ServerRequest, connection: Connection): Wire {
  const { stream } = request;
  const { session } = stream;
  connection.highestStream = Math.max(connection.highestStream, stream.id ?? 0);
  const over = new AbortController();
  // An error on a stream that a fault or the client has reset is expected; unheard it would end the process.
  stream.on('error', () => undefined);
  stream.once('close', () => over.abort());
  return {
    protocol: 'h2',
    streamId: stream.id,
    ...common(request, connection),
    authority: request.authority,
    body: stream,
    bodyCutOff: () => stream.aborted,
    out: stream,
    respond: (status, headers, unfinished = false) => {
      if (stream.destroyed || stream.headersSent) return;
      // Closing a stream ends it first, and END_STREAM would overtake the reset; waiting for trailers holds it back.
      stream.respond({ ':status': status, ...headers }, { waitForTrailers: unfinished });
    },
    over: over.signal,
    // Not writableFinished: at the close of a good exchange Node 26 still says false.
    answered: () => stream.writableEnded && stream.rstCode === constants.NGHTTP2_NO_ERROR,
    resetStream: (code) => {
      stream.close(code);
      return true;
    },
    goaway: (code, lastStreamId) => {
      if (!session || session.destroyed) return true;
      session.goaway(code, lastStreamId);
      // Closes when the last stream has ended. Its own GOAWAY repeats ours: nghttp2 never raises a last-stream-id.
      if (code === constants.NGHTTP2_NO_ERROR) session.close();
      return true;
    },
  };
}

function http1Wire(request: IncomingMessage, response: ServerResponse, connection: Connection): Wire {
  const over = new AbortController();
  request.on('error', () => undefined);
  response.on('error', () => undefined);
  // Two streams make one exchange: an early answer is finished before the body is. And when the connection breaks after
  // the answer, Node tells neither.
  const { socket } = connection;
  let open = 2;
  const end = (): void => {
    socket.removeListener('close', end);
    over.abort();
  };
  const closed = (): void => {
    open -= 1;
    if (open === 0) end();
  };
  socket.once('close', end);
  request.once('close', closed);
  response.once('close', closed);
  return {
    protocol: 'http/1.1',
    streamId: undefined,
    ...common(request, connection),
    authority: request.headers.host ?? '',
    body: request,
    bodyCutOff: () => !request.complete,
    out: response,
    respond: (status, headers) => {
      if (!response.headersSent) response.writeHead(status, headers);
    },
    over: over.signal,
    answered: () => response.writableFinished,
    resetStream: () => false,
    goaway: () => false,
  };
}

function common(
  request: IncomingMessage | Http2ServerRequest,
  connection: Connection,
): Pick<Wire, 'connection' | 'method' | 'target' | 'headers' | 'resetConnection' | 'finConnection'> {
  const { socket } = connection;
  return {
    connection,
    method: request.method ?? 'GET',
    target: request.url ?? '/',
    headers: request.headers,
    resetConnection: () => {
      socket.resetAndDestroy();
    },
    finConnection: () => {
      // Ending the TCP socket under TLS leaves out close_notify and GOAWAY: what a peer that died or a proxy would send.
      socket.end();
      const linger = setTimeout(() => socket.destroy(), LINGER_MS);
      socket.once('close', () => clearTimeout(linger));
    },
  };
}
