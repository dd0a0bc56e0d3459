import { createHash } from 'node:crypto';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { RequestReader } from './h1-request-reader.ts';
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

/** One request of a client, and the bytes that can be sent for it. */
export class RawH1Request implements PeerRequest {
  readonly on: RawH1Connection;
  readonly earlier: number;
  readonly behaviour: Behaviour<RawH1Request>;
  bytes = 0;
  start: Buffer = Buffer.alloc(0);
  whole = false;
  answered = false;
  readonly #hash = createHash('sha256');

  constructor(on: RawH1Connection, earlier: number, behaviour: Behaviour<RawH1Request>) {
    this.on = on;
    this.earlier = earlier;
    this.behaviour = behaviour;
  }

  get connection(): number {
    return this.on.index;
  }

  get abandoned(): boolean {
    return !this.whole && this.on.closed;
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
    this.answered = true;
    this.write(`${head(status, { 'content-length': String(Buffer.byteLength(body)), ...headers })}${body}`);
  }

  answerPart(part: string, contentLength: number): void {
    this.write(`${head(200, { 'content-length': String(contentLength) })}${part}`);
  }

  /** Any text, valid HTTP or not. */
  write(text: string): void {
    if (this.on.socket.writable) this.on.socket.write(text);
  }

  /** Ends TLS and TCP politely, behind what was written. */
  end(): void {
    this.on.socket.end();
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

export interface RawH1Connection {
  /** From 0. */
  readonly index: number;
  readonly socket: TLSSocket;
  readonly tcp: Socket;
  closed: boolean;
}

export interface RawH1Peer extends Peer<RawH1Request> {
  readonly connections: readonly RawH1Connection[];
}

const DECENT: Behaviour<RawH1Request> = { whole: (request) => request.answer() };

/** An HTTP/1.1 peer over TLS on loopback that writes what it is told, byte by byte, and may stop anywhere. */
export async function rawH1Peer(options: Pick<ListenOptions, 'certificate' | 'host'>): Promise<RawH1Peer> {
  const changes = new Changes();
  const { onSecure, ...side } = h1Side(changes);
  const announce = (): void => changes.announce();
  const listener = await listenTls({
    ...options,
    alpn: 'http/1.1',
    onSecure,
    onTcp: announce,
    onClose: announce,
  });
  return { ...listener, ...side };
}

/** The peer without its listener, which may be shared with another protocol. */
export function h1Side(changes: Changes): Omit<RawH1Peer, keyof Listener> & Pick<ListenOptions, 'onSecure'> {
  const agenda = new Agenda<Behaviour<RawH1Request>>(DECENT);
  const connections: RawH1Connection[] = [];
  const requests: RawH1Request[] = [];

  const serve = (connection: RawH1Connection): void => {
    let earlier = 0;
    let current: RawH1Request | undefined;
    const reader = new RequestReader({
      head() {
        current = new RawH1Request(connection, earlier, agenda.take());
        earlier += 1;
        requests.push(current);
        current.behaviour.headers?.(current);
      },
      body(bytes) {
        current?.take(bytes);
        if (current) current.behaviour.data?.(current);
      },
      end() {
        if (!current) return;
        current.whole = true;
        current.behaviour.whole?.(current);
      },
    });
    connection.socket.on('data', (chunk: Buffer) => {
      reader.read(chunk);
      changes.announce();
    });
  };

  return {
    onSecure(socket, tcp) {
      const connection: RawH1Connection = { index: connections.length, socket, tcp, closed: false };
      connections.push(connection);
      tcp.once('close', () => {
        connection.closed = true;
        changes.announce();
      });
      serve(connection);
      changes.announce();
    },
    connections,
    requests,
    next: (behaviour, times) => agenda.next(behaviour, times),
    always: (behaviour) => agenda.always(behaviour),
    until: (condition) => changes.until(condition),
  };
}

function head(status: number, headers: Readonly<Record<string, string>>): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status} Status\r\n${lines.join('')}\r\n`;
}
