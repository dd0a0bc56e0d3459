import { createHash } from 'node:crypto';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import {
  dataFrame,
  FLAG,
  FRAME,
  FrameReader,
  frame,
  type H2Frame,
  headerBlock,
  SETTING,
  type SettingPair,
  settingsFrame,
  uint32,
} from './h2-frames.ts';
import {
  Agenda,
  type Behaviour,
  Changes,
  type Peer,
  type PeerAnswer,
  type PeerRequest,
  START_BYTES,
} from './peer.ts';
import { finTcp, type Listener, type ListenOptions, listenTls, resetTcp } from './tls-listener.ts';

/** Windows large enough that flow control is no part of a story that does not ask for it. Bytes. */
const STREAM_WINDOW = 1024 * 1024;
const CONNECTION_WINDOW = 16 * 1024 * 1024;

/** One stream of a client, and the frames that can be sent on it. */
export class RawH2Stream implements PeerRequest {
  readonly id: number;
  readonly on: RawH2Connection;
  readonly earlier: number;
  readonly behaviour: Behaviour<RawH2Stream>;
  bytes = 0;
  start: Buffer = Buffer.alloc(0);
  whole = false;
  answered = false;
  /** The code of the client's RST_STREAM. */
  resetCode: number | undefined;
  readonly #hash = createHash('sha256');

  constructor(on: RawH2Connection, id: number, earlier: number, behaviour: Behaviour<RawH2Stream>) {
    this.on = on;
    this.id = id;
    this.earlier = earlier;
    this.behaviour = behaviour;
  }

  get connection(): number {
    return this.on.index;
  }

  get abandoned(): boolean {
    return this.resetCode !== undefined || (!this.whole && this.on.closed);
  }

  sha256(): string {
    return this.#hash.copy().digest('hex');
  }

  take(bytes: Uint8Array): void {
    this.bytes += bytes.byteLength;
    if (this.start.byteLength < START_BYTES) {
      this.start = Buffer.concat([this.start, bytes]).subarray(0, START_BYTES);
    }
    this.#hash.update(bytes);
  }

  answer({ status = 200, headers = {}, body = 'ok' }: PeerAnswer = {}): void {
    const length = { 'content-length': String(Buffer.byteLength(body)) };
    this.head({ ':status': String(status), ...length, ...headers });
    this.data(body, { end: true });
  }

  answerPart(part: string, contentLength: number): void {
    this.head({ ':status': '200', 'content-length': String(contentLength) });
    this.data(part);
  }

  head(fields: Readonly<Record<string, string>>, { end = false }: { readonly end?: boolean } = {}): void {
    if (end) this.answered = true;
    const flags = FLAG.END_HEADERS | (end ? FLAG.END_STREAM : 0);
    this.on.send(frame(FRAME.HEADERS, flags, this.id, headerBlock(fields)));
  }

  data(text: string, options: { readonly end?: boolean; readonly padding?: number } = {}): void {
    if (options.end === true) this.answered = true;
    this.on.send(dataFrame(this.id, Buffer.from(text), options));
  }

  reset(code: number): void {
    this.on.send(frame(FRAME.RST_STREAM, 0, this.id, uint32(code)));
  }

  fin(): void {
    finTcp(this.on.tcp);
  }

  rst(): void {
    resetTcp(this.on.tcp);
  }

  stopReading(): void {
    this.on.socket.pause();
  }
}

/** One connection, frame by frame. */
export class RawH2Connection {
  /** From 0. */
  readonly index: number;
  readonly socket: TLSSocket;
  readonly tcp: Socket;
  readonly streams: Map<number, RawH2Stream> = new Map();
  /** Every frame but DATA, oldest first. */
  readonly frames: H2Frame[] = [];
  /** Acknowledge the client's SETTINGS. */
  acknowledge = true;
  /** Answer PING. */
  pong = true;
  /** Give back window for every DATA frame. */
  grantWindow = true;
  closed = false;

  constructor(socket: TLSSocket, tcp: Socket, index: number) {
    this.socket = socket;
    this.tcp = tcp;
    this.index = index;
  }

  /** Any bytes, as one TLS record where they fit. */
  send(...frames: readonly Uint8Array[]): void {
    if (this.socket.writable) this.socket.write(Buffer.concat(frames));
  }

  settings(values: readonly SettingPair[] = []): void {
    this.send(settingsFrame(values));
  }

  /** The SETTINGS and windows of a decent server. */
  greet(values: readonly SettingPair[] = []): void {
    this.settings([[SETTING.INITIAL_WINDOW_SIZE, STREAM_WINDOW], ...values]);
    this.windowUpdate(0, CONNECTION_WINDOW);
  }

  ping(): void {
    this.send(frame(FRAME.PING, 0, 0, Buffer.alloc(8, this.frames.length)));
  }

  goaway(lastStreamId: number, code: number): void {
    this.send(frame(FRAME.GOAWAY, 0, 0, Buffer.concat([uint32(lastStreamId), uint32(code)])));
  }

  windowUpdate(streamId: number, bytes: number): void {
    this.send(frame(FRAME.WINDOW_UPDATE, 0, streamId, uint32(bytes)));
  }

  /** PINGs that the client has answered. */
  pongs(): number {
    return this.frames.filter((f) => f.type === FRAME.PING && (f.flags & FLAG.ACK) !== 0).length;
  }

  /** PINGs that the client has sent. */
  pings(): number {
    return this.frames.filter((f) => f.type === FRAME.PING && (f.flags & FLAG.ACK) === 0).length;
  }
}

/** What the peer does when TLS is up; by default it greets. */
export type ConnectionBehaviour = (connection: RawH2Connection) => void;

export interface RawH2Peer extends Peer<RawH2Stream> {
  readonly connections: readonly RawH2Connection[];
  /** The next `times` connections are met with this. */
  nextConnection(behaviour: ConnectionBehaviour, times?: number): void;
  /** Every connection that `nextConnection` does not speak for. */
  everyConnection(behaviour: ConnectionBehaviour): void;
}

const DECENT: Behaviour<RawH2Stream> = { whole: (stream) => stream.answer() };

/**
 * A frame-level HTTP/2 peer over TLS on loopback. Node's own server is too polite for most faults: it cannot send GOAWAY
 * with NO_ERROR, keep back its SETTINGS, or lie.
 */
export async function rawH2Peer(options: Pick<ListenOptions, 'certificate' | 'host'>): Promise<RawH2Peer> {
  const changes = new Changes();
  const { onSecure, ...side } = h2Side(changes);
  const announce = (): void => changes.announce();
  const listener = await listenTls({ ...options, alpn: 'h2', onSecure, onTcp: announce, onClose: announce });
  return { ...listener, ...side };
}

/** The peer without its listener, which may be shared with another protocol. */
export function h2Side(changes: Changes): Omit<RawH2Peer, keyof Listener> & Pick<ListenOptions, 'onSecure'> {
  const onRequest = new Agenda<Behaviour<RawH2Stream>>(DECENT);
  const onConnection = new Agenda<ConnectionBehaviour>((connection) => connection.greet());
  const connections: RawH2Connection[] = [];
  const requests: RawH2Stream[] = [];

  const take = (connection: RawH2Connection, next: H2Frame): void => {
    const { type, flags, streamId, payload } = next;
    const isAck = (flags & FLAG.ACK) !== 0;
    if (type !== FRAME.DATA) connection.frames.push({ ...next, payload: Buffer.from(payload) });
    if (type === FRAME.SETTINGS && !isAck && connection.acknowledge) {
      connection.send(frame(FRAME.SETTINGS, FLAG.ACK, 0));
    }
    if (type === FRAME.PING && !isAck && connection.pong) {
      connection.send(frame(FRAME.PING, FLAG.ACK, 0, payload));
    }
    let stream = connection.streams.get(streamId);
    if (type === FRAME.HEADERS && stream === undefined) {
      stream = new RawH2Stream(connection, streamId, connection.streams.size, onRequest.take());
      connection.streams.set(streamId, stream);
      requests.push(stream);
      stream.behaviour.headers?.(stream);
    }
    if (stream === undefined) return;
    if (type === FRAME.RST_STREAM) stream.resetCode ??= payload.readUInt32BE(0);
    if (type === FRAME.DATA) {
      stream.take(payload);
      if (connection.grantWindow && payload.byteLength > 0) {
        connection.windowUpdate(0, payload.byteLength);
        connection.windowUpdate(streamId, payload.byteLength);
      }
      stream.behaviour.data?.(stream);
    }
    if (type <= FRAME.HEADERS && (flags & FLAG.END_STREAM) !== 0) {
      stream.whole = true;
      stream.behaviour.whole?.(stream);
    }
  };

  return {
    onSecure(socket, tcp) {
      const connection = new RawH2Connection(socket, tcp, connections.length);
      const reader = new FrameReader();
      connections.push(connection);
      socket.on('data', (chunk: Buffer) => {
        for (const next of reader.read(chunk)) take(connection, next);
        changes.announce();
      });
      tcp.once('close', () => {
        connection.closed = true;
        changes.announce();
      });
      onConnection.take()(connection);
      changes.announce();
    },
    connections,
    requests,
    next: (behaviour, times) => onRequest.next(behaviour, times),
    always: (behaviour) => onRequest.always(behaviour),
    nextConnection: (behaviour, times) => onConnection.next(behaviour, times),
    everyConnection: (behaviour) => onConnection.always(behaviour),
    until: (condition) => changes.until(condition),
  };
}
