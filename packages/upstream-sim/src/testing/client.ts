/** Plain clients of Node's own for the tests: they report what they saw and never throw for what the peer did. */
import { randomUUID } from 'node:crypto';
import { type ClientHttp2Session, connect, constants, type IncomingHttpHeaders } from 'node:http2';
import { Agent, request as httpsRequest } from 'node:https';
import type { Simulator } from '../simulator.ts';

export interface Sent {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
}

/** What a client saw of one exchange. */
export interface Seen {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** Whether the answer came to its proper end. */
  readonly whole: boolean;
  /** HTTP/2: the code the stream was closed with. */
  readonly rstCode: number | undefined;
  /** HTTP/1.1: the code of the error. */
  readonly error: string | undefined;
}

export interface Client {
  send(sent: Sent): Promise<Seen>;
  close(): Promise<void>;
}

/** An HTTP/2 client on one connection. */
export interface H2Client extends Client {
  readonly session: ClientHttp2Session;
  /** GOAWAY frames received. */
  readonly goaways: { readonly code: number; readonly lastStreamId: number }[];
}

const KEY = 'Bearer test-key';

export function h2Client(simulator: Pick<Simulator, 'url' | 'caPem'>): H2Client {
  const session = connect(simulator.url, { ca: simulator.caPem });
  const goaways: { code: number; lastStreamId: number }[] = [];
  session.on('error', () => undefined);
  const closed = new Promise<void>((resolve) => session.once('close', () => resolve()));
  session.on('goaway', (code, lastStreamId) => goaways.push({ code, lastStreamId }));
  return {
    session,
    goaways,
    send: ({ method = 'GET', path, headers, body }) =>
      new Promise((resolve) => {
        const length = body && { 'content-length': String(body.byteLength) };
        const stream = session.request({
          ':method': method,
          ':path': path,
          authorization: KEY,
          ...length,
          ...headers,
        });
        const chunks: Buffer[] = [];
        let status: number | undefined;
        let answered: IncomingHttpHeaders = {};
        let ended = false;
        stream.on('response', (got) => {
          answered = got;
          status = got[':status'];
        });
        stream.on('data', (chunk: Buffer) => chunks.push(chunk));
        // An end that comes after the stream was closed is Node's, not the peer's.
        stream.on('end', () => {
          ended = !stream.closed || stream.rstCode === constants.NGHTTP2_NO_ERROR;
        });
        stream.on('error', () => undefined);
        stream.on('close', () => {
          const all = Buffer.concat(chunks);
          const expected = answered['content-length'];
          const complete = expected === undefined || Number(expected) === all.byteLength;
          const whole = ended && status !== undefined && complete;
          resolve({ status, headers: answered, body: all, whole, rstCode: stream.rstCode, error: undefined });
        });
        stream.end(body);
      }),
    close: () => {
      session.destroy();
      return closed;
    },
  };
}

/** An HTTP/1.1 client that keeps its connection. */
export function h1Client(simulator: Pick<Simulator, 'url' | 'caPem'>): Client {
  const agent = new Agent({ ca: simulator.caPem, keepAlive: true, maxSockets: 1 });
  return {
    send: ({ method = 'GET', path, headers, body }) =>
      new Promise((resolve) => {
        const length = body && { 'content-length': String(body.byteLength) };
        const request = httpsRequest(new URL(path, simulator.url), {
          agent,
          method,
          headers: { authorization: KEY, ...length, ...headers },
        });
        const nothing = {
          status: undefined,
          headers: {},
          body: Buffer.alloc(0),
          whole: false,
          rstCode: undefined,
        };
        request.on('error', (error: NodeJS.ErrnoException) =>
          resolve({ ...nothing, error: error.code ?? error.message }),
        );
        request.on('response', (response) => {
          const chunks: Buffer[] = [];
          const seen = (error: string | undefined): Seen => ({
            status: response.statusCode,
            headers: response.headers,
            body: Buffer.concat(chunks),
            whole: response.complete,
            rstCode: undefined,
            error,
          });
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('error', (error: NodeJS.ErrnoException) => resolve(seen(error.code ?? error.message)));
          response.on('end', () => resolve(seen(undefined)));
        });
        request.end(body);
      }),
    close: async () => agent.destroy(),
  };
}

/** A multipart upload as xAI's clients send it: every field before the file. */
export function uploadOf(
  bytes: Uint8Array,
  {
    filename = 'photo.jpg',
    fields = { purpose: 'vision' },
  }: { filename?: string; fields?: Record<string, string> } = {},
): Sent {
  const boundary = `ferry-${randomUUID()}`;
  const parts = Object.entries(fields).map(
    ([name, value]) => `--${boundary}\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
  );
  const head = `--${boundary}\r\ncontent-disposition: form-data; name="file"; filename="${filename}"\r\ncontent-type: application/octet-stream\r\n\r\n`;
  return {
    method: 'POST',
    path: '/v1/files',
    headers: { 'content-type': `multipart/form-data; boundary=${boundary}` },
    body: Buffer.concat([Buffer.from(parts.join('') + head), bytes, Buffer.from(`\r\n--${boundary}--\r\n`)]),
  };
}

/** An edit by JSON. */
export function editOf(json: object): Sent {
  return {
    method: 'POST',
    path: '/v1/images/edits',
    headers: { 'content-type': 'application/json' },
    body: Buffer.from(JSON.stringify({ model: 'grok-imagine-image', prompt: 'black and white', ...json })),
  };
}

/** The JSON of an answer, for tests to look into. */
export function jsonOf(seen: Seen): unknown {
  return JSON.parse(seen.body.toString('utf8'));
}
