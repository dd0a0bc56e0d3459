import { EventEmitter, once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import tls from 'node:tls';
import { certificate } from './certificate.ts';

/** RFC 9113 section 6: frame types by number. */
export const FRAME = {
  DATA: 0,
  HEADERS: 1,
  RST_STREAM: 3,
  SETTINGS: 4,
  PING: 6,
  GOAWAY: 7,
  WINDOW_UPDATE: 8,
} as const;

/** RFC 9113 section 7: error codes by number. */
export const CODE = {
  NO_ERROR: 0,
  PROTOCOL_ERROR: 1,
  INTERNAL_ERROR: 2,
  REFUSED_STREAM: 7,
  CANCEL: 8,
  ENHANCE_YOUR_CALM: 11,
  HTTP_1_1_REQUIRED: 13,
} as const;

const FLAG_ACK = 1;
const FLAG_END_STREAM = 1;
const FLAG_END_HEADERS = 4;
const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';

export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly streamId: number;
  readonly payload: Buffer;
}

export function frame(type: number, flags: number, streamId: number, payload: Uint8Array): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.byteLength, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(streamId, 5);
  return Buffer.concat([head, payload]);
}

const uint32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};

/** HPACK (RFC 7541) as literals without indexing, the one form that needs no table. */
function hpackLiteral(name: string, value: string): Buffer {
  const text = (s: string) => Buffer.concat([Buffer.from([s.length]), Buffer.from(s, 'latin1')]);
  return Buffer.concat([Buffer.from([0]), text(name), text(value)]);
}

/** One connection as the peer sees it: the frames that came, and the means to send any frame, polite or not. */
export class RawConnection extends EventEmitter {
  readonly index: number;
  readonly socket: Socket;
  readonly frames: Frame[] = [];
  /** Answer SETTINGS and PING as a decent peer does. */
  polite = true;
  /** Give back flow-control window for every DATA frame. */
  grantWindow = true;
  readonly #tcp: Socket | undefined;
  #rest: Buffer = Buffer.alloc(0);
  #prefaceSeen = false;
  #muted = false;

  constructor(socket: Socket, index: number, tcp: Socket | undefined) {
    super();
    this.#tcp = tcp;
    this.index = index;
    this.socket = socket;
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
    socket.on('error', () => undefined);
    socket.on('close', () => this.emit('close'));
  }

  send(...frames: Buffer[]): void {
    if (!this.socket.destroyed && !this.#muted) this.socket.write(Buffer.concat(frames));
  }
  settings(values: readonly (readonly [id: number, value: number])[] = []): void {
    const payload = Buffer.concat(
      values.map(([id, value]) => Buffer.concat([Buffer.from([id >> 8, id & 255]), uint32(value)])),
    );
    this.send(frame(FRAME.SETTINGS, 0, 0, payload));
  }
  headers(streamId: number, fields: Record<string, string>, options: { end?: boolean } = {}): void {
    const block = Buffer.concat(Object.entries(fields).map(([name, value]) => hpackLiteral(name, value)));
    const flags = FLAG_END_HEADERS | (options.end === true ? FLAG_END_STREAM : 0);
    this.send(frame(FRAME.HEADERS, flags, streamId, block));
  }
  data(streamId: number, text: string, options: { end?: boolean } = {}): void {
    this.send(frame(FRAME.DATA, options.end === true ? FLAG_END_STREAM : 0, streamId, Buffer.from(text)));
  }
  reset(streamId: number, code: number): void {
    this.send(frame(FRAME.RST_STREAM, 0, streamId, uint32(code)));
  }
  goaway(lastStreamId: number, code: number): void {
    this.send(frame(FRAME.GOAWAY, 0, 0, Buffer.concat([uint32(lastStreamId), uint32(code)])));
  }
  windowUpdate(streamId: number, bytes: number): void {
    this.send(frame(FRAME.WINDOW_UPDATE, 0, streamId, uint32(bytes)));
  }
  ping(): void {
    this.send(frame(FRAME.PING, 0, 0, Buffer.alloc(8)));
  }
  /** Answers a PING that was held back. */
  pong(ping: Frame): void {
    this.send(frame(FRAME.PING, FLAG_ACK, 0, ping.payload));
  }
  /** Says nothing any more and hears nothing: a load balancer that forgot the connection. */
  mute(): void {
    this.#muted = true;
  }
  /** A whole 200 with a short body. */
  answer(streamId: number, body = 'ok'): void {
    this.headers(streamId, { ':status': '200', 'content-length': String(body.length) });
    this.data(streamId, body, { end: true });
  }

  /** Ends the TCP connection with RST instead of FIN. */
  resetTcp(): void {
    this.#tcp?.resetAndDestroy();
  }

  /** Body bytes received on a stream so far. */
  received(streamId: number): number {
    return this.#of(streamId, FRAME.DATA).reduce((sum, f) => sum + f.payload.byteLength, 0);
  }
  /** Whether the client said that its request is whole. */
  sawEndStream(streamId: number): boolean {
    return this.frames.some(
      (f) => f.streamId === streamId && f.type <= FRAME.HEADERS && (f.flags & FLAG_END_STREAM) !== 0,
    );
  }
  /** The code of the client's RST_STREAM. */
  resetCode(streamId: number): number | undefined {
    return this.#of(streamId, FRAME.RST_STREAM)[0]?.payload.readUInt32BE(0);
  }
  /** Resolves with the first frame, past or to come, that the test accepts. */
  async until(accept: (frame: Frame) => boolean): Promise<Frame> {
    const past = this.frames.find(accept);
    if (past !== undefined) return past;
    for (;;) {
      const [next] = (await once(this, 'frame')) as [Frame];
      if (accept(next)) return next;
    }
  }

  #of(streamId: number, type: number): Frame[] {
    return this.frames.filter((f) => f.streamId === streamId && f.type === type);
  }

  #read(chunk: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    if (!this.#prefaceSeen) {
      if (this.#rest.byteLength < PREFACE.length) return;
      this.#rest = this.#rest.subarray(PREFACE.length);
      this.#prefaceSeen = true;
    }
    while (this.#rest.byteLength >= 9) {
      const length = this.#rest.readUIntBE(0, 3);
      if (this.#rest.byteLength < 9 + length) return;
      this.#take({
        type: this.#rest[3] ?? 0,
        flags: this.#rest[4] ?? 0,
        streamId: this.#rest.readUInt32BE(5) & 0x7fffffff,
        payload: this.#rest.subarray(9, 9 + length),
      });
      this.#rest = this.#rest.subarray(9 + length);
    }
  }

  #take(next: Frame): void {
    this.frames.push(next);
    if (this.polite && next.type === FRAME.SETTINGS && (next.flags & FLAG_ACK) === 0) {
      this.send(frame(FRAME.SETTINGS, FLAG_ACK, 0, Buffer.alloc(0)));
    }
    if (this.polite && next.type === FRAME.PING && (next.flags & FLAG_ACK) === 0) {
      this.send(frame(FRAME.PING, FLAG_ACK, 0, next.payload));
    }
    if (this.grantWindow && next.type === FRAME.DATA && next.payload.byteLength > 0) {
      this.windowUpdate(0, next.payload.byteLength);
      this.windowUpdate(next.streamId, next.payload.byteLength);
    }
    this.emit('frame', next);
    if (next.type === FRAME.HEADERS) this.emit('request', next.streamId);
    if (next.type <= FRAME.HEADERS && (next.flags & FLAG_END_STREAM) !== 0) this.emit('whole', next.streamId);
  }
}

export interface RawPeer {
  readonly url: URL;
  readonly connections: readonly RawConnection[];
  /** Sockets still open. */
  openSockets(): number;
  close(): Promise<void>;
}

/**
 * A frame-level HTTP/2 peer over TLS on loopback: it does exactly what `script` says, since Node's own server is too
 * polite to break the protocol (it cannot even send GOAWAY with NO_ERROR and a last stream of 0).
 * @param script called for each connection after TLS; without `settings()` in it the peer stays silent.
 */
export async function rawPeer(
  script: (connection: RawConnection) => void,
  options: tls.TlsOptions = {},
): Promise<RawPeer> {
  const { key, cert } = await certificate();
  const connections: RawConnection[] = [];
  const sockets = new Set<Socket>();
  const byPort = new Map<number | undefined, Socket>();
  const server = tls.createServer({ key, cert, ALPNProtocols: ['h2'], ...options }, (socket) => {
    const connection = new RawConnection(socket, connections.length, byPort.get(socket.remotePort));
    connections.push(connection);
    script(connection);
  });
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    byPort.set(socket.remotePort, socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
  });
  server.on('tlsClientError', () => undefined);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: new URL(`https://localhost:${(server.address() as AddressInfo).port}/`),
    connections,
    openSockets: () => sockets.size,
    async close() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
