import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** A request as the upstream saw it. */
interface SeenRequest {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** What the upstream does with one request, once it has read it whole. */
export type Behaviour = (response: ServerResponse, request: SeenRequest) => void;

export interface Upstream {
  readonly url: URL;
  /** Requests that arrived whole, oldest first. */
  readonly seen: readonly SeenRequest[];
  /** Connections that are open now. */
  connections(): number;
  /** Resolves when a request has arrived whole, `count` of them in all. */
  untilSeen(count: number): Promise<void>;
  /** Resolves when `count` bytes of request bodies have arrived in all. */
  untilReceived(count: number): Promise<void>;
  close(): Promise<void>;
}

/** A real server on loopback that misbehaves as told: the first behaviour for the first request, the last for the rest. */
export async function startUpstream(...behaviours: readonly Behaviour[]): Promise<Upstream> {
  const seen: SeenRequest[] = [];
  let received = 0;
  const sockets = new Set<Socket>();
  const waiting = new Set<() => void>();
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => {
      parts.push(part);
      received += part.byteLength;
      for (const wake of [...waiting]) wake();
    });
    request.on('error', () => undefined);
    request.on('end', () => {
      const arrived = {
        method: request.method ?? '',
        path: request.url ?? '',
        headers: request.headers,
        body: Buffer.concat(parts),
      };
      const behaviour = behaviours[Math.min(seen.length, behaviours.length - 1)];
      seen.push(arrived);
      for (const wake of [...waiting]) wake();
      behaviour?.(response, arrived);
    });
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
  });
  const until = async (reached: () => boolean): Promise<void> => {
    while (!reached()) {
      await new Promise<void>((resolve) => {
        const wake = () => {
          waiting.delete(wake);
          resolve();
        };
        waiting.add(wake);
      });
    }
  };
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/files`),
    seen,
    connections: () => sockets.size,
    untilSeen: (count) => until(() => seen.length >= count),
    untilReceived: (count) => until(() => received >= count),
    async close() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

/** Answers with a status, headers and a body. */
export function answer(
  status: number,
  headers: Readonly<Record<string, string>> = {},
  body = `{"status":${status}}`,
): Behaviour {
  return (response) => response.writeHead(status, headers).end(body);
}

/** Closes the connection without an answer. */
export const hangUp: Behaviour = (response) => response.socket?.destroy();

/** Never answers. */
export const saysNothing: Behaviour = () => undefined;

/** Promises `promised` bytes, sends fewer, and closes the connection. */
export function truncated(status: number, sent: string, promised: number): Behaviour {
  return (response) => {
    response.writeHead(status, { 'content-length': String(promised) });
    response.write(sent, () => response.socket?.destroy());
  };
}
