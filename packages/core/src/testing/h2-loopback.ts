import { once } from 'node:events';
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  constants,
  createServer,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { AddressInfo } from 'node:net';
import type {
  Attempt,
  Exchange,
  Phase,
  Transport,
  TransportRequest,
  TransportResponse,
  TransportStats,
} from '../transport/transport.ts';
import { h2ErrorName, NO_EXCHANGE, TransportError } from '../transport/transport-error.ts';

let connections = 0;

interface Connection {
  readonly id: string;
  readonly session: ClientHttp2Session;
  uses: number;
}

/**
 * The smallest transport that meets real HTTP/2 stream errors: cleartext, small bodies, no limits of its own. With
 * `shared`, requests share a connection until one of them fails on it.
 */
export class H2LoopbackTransport implements Transport {
  readonly name = 'h2-loopback';
  readonly #shared: boolean;
  readonly #open = new Set<ClientHttp2Session>();
  #kept: Connection | undefined;

  constructor(shared: boolean) {
    this.#shared = shared;
  }

  async send(request: TransportRequest, attempt: Attempt): Promise<TransportResponse> {
    const connection = this.#kept ?? (await this.#connect(request.url));
    connection.uses += 1;
    this.#kept = this.#shared ? connection : undefined;
    const exchange: Exchange = {
      ...NO_EXCHANGE,
      protocol: 'h2',
      connectionId: connection.id,
      connectionReused: connection.uses > 1,
      bodyOpened: request.body !== undefined,
    };
    const stream = connection.session.request({
      ...request.headers,
      ':method': request.method,
      ':path': request.url.pathname,
    });
    const abort = (): void => stream.close(constants.NGHTTP2_CANCEL);
    attempt.signal.addEventListener('abort', abort, { once: true });
    stream.once('close', () => {
      attempt.signal.removeEventListener('abort', abort);
      if (stream.rstCode !== 0) this.#kept = undefined;
      if (this.#kept !== connection) connection.session.close();
    });
    try {
      // A stream that is cancelled closes without an error.
      const broken = once(stream, 'close').then(() => Promise.reject(new Error('closed without an answer')));
      broken.catch(() => undefined);
      const answered = once(stream, 'response') as Promise<[Record<string, string | number>]>;
      for await (const slice of request.body?.open() ?? []) stream.write(slice);
      stream.end();
      const [head] = await Promise.race([answered, broken]);
      const headers = Object.entries(head).filter(([name]) => !name.startsWith(':'));
      return {
        status: Number(head[':status']),
        headers: Object.fromEntries(headers.map(([name, value]) => [name, String(value)])),
        body: this.#body(stream, exchange),
        exchange,
        done: broken.catch(() => ({ ...exchange, requestComplete: stream.writableFinished })),
      };
    } catch (cause) {
      throw streamError(stream, 'headers', exchange, cause);
    }
  }

  stats(): TransportStats {
    const live = this.#open.size;
    return { live, spare: 0, connecting: 0, retired: 0, streams: 0, waiting: 0 };
  }

  async close(): Promise<void> {
    const open = [...this.#open];
    const closed = open.map((session) => once(session, 'close'));
    for (const session of open) session.destroy();
    await Promise.all(closed);
  }

  async #connect(url: URL): Promise<Connection> {
    const session = connect(url);
    this.#open.add(session);
    session.once('close', () => this.#open.delete(session));
    await once(session, 'connect');
    connections += 1;
    return { id: `h2-loopback-${connections}`, session, uses: 0 };
  }

  async *#body(stream: ClientHttp2Stream, exchange: Exchange): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      for await (const chunk of stream) yield chunk as Uint8Array;
      if (stream.rstCode !== undefined && stream.rstCode !== 0) throw new Error('the answer was cut short');
    } catch (cause) {
      throw streamError(stream, 'body', exchange, cause);
    }
  }
}

function streamError(
  stream: ClientHttp2Stream,
  phase: Phase,
  exchange: Exchange,
  cause: unknown,
): TransportError {
  const refused = stream.rstCode === constants.NGHTTP2_REFUSED_STREAM;
  return new TransportError('h2-loopback: the stream was reset', {
    kind: refused ? 'stream-refused' : 'reset',
    phase,
    delivery: phase === 'body' ? 'answered' : refused ? 'refused' : 'unknown',
    h2Code: h2ErrorName(stream.rstCode ?? 0),
    exchange,
    cause,
  });
}

export interface H2Upstream {
  readonly url: URL;
  /** Streams that arrived. */
  streams(): number;
  close(): Promise<void>;
}

/** An HTTP/2 server; `nth` counts the streams of a connection from 1. */
export async function startH2Upstream(
  behaviour: (stream: ServerHttp2Stream, nth: number) => void,
): Promise<H2Upstream> {
  const sessions = new Set<ServerHttp2Session>();
  let streams = 0;
  const server = createServer();
  server.on('session', (session) => {
    let nth = 0;
    sessions.add(session);
    session.on('close', () => sessions.delete(session));
    session.on('stream', (stream) => {
      nth += 1;
      streams += 1;
      const mine = nth;
      stream.on('error', () => undefined);
      stream.resume();
      stream.once('end', () => behaviour(stream, mine));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/files`),
    streams: () => streams,
    async close() {
      const closed = once(server, 'close');
      server.close();
      for (const session of sessions) session.destroy();
      await closed;
    },
  };
}
