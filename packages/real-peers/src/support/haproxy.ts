import { type Proof, provenUndone } from './audit.ts';
import type { Binary } from './binary.ts';
import type { RealServer, ServerKind } from './real-server.ts';
import { ATTEMPT_HEADER, readStatusLines, type SeenRequest, UPLOAD_HEADER } from './traffic-log.ts';
import type { Workplace } from './workplace.ts';

export interface HaproxyOptions {
  /** What it offers by ALPN, HTTP/2 first. Default `h2,http/1.1`. */
  readonly alpn?: 'h2,http/1.1' | 'http/1.1';
  /** How much of an upload an HTTP/2 stream may have under way. Bytes; HAProxy's own default is 65,535. */
  readonly windowBytes?: number;
  /** How long a connection may be unused. Milliseconds; default 1,000. */
  readonly idleMs?: number;
}

/** HAProxy as a load balancer: HTTP/2 or HTTP/1.1 over TLS in front, HTTP/1.1 to the origin behind. */
export function haproxyServer(
  binary: Binary,
  origin: { readonly socketPath: string },
  options: HaproxyOptions = {},
): ServerKind {
  return {
    path: binary.path,
    prepare: async (place) => {
      await place.write('haproxy.cfg', configuration(place, origin.socketPath, options));
    },
    args: (place, predecessor) => [
      '-db',
      '-f',
      place.file('haproxy.cfg'),
      // The hitless reload of its manual: take the listening sockets over, then ask the old process to finish (-sf).
      ...(predecessor === undefined
        ? []
        : ['-x', place.file('haproxy.sock'), '-sf', String(predecessor.pid)]),
    ],
    gracefulSignal: 'SIGUSR1',
  };
}

/**
 * HAProxy says REFUSED_STREAM for "no answer was sent to the client yet" (`src/mux_h2.c`, "trying a retryable abort"), also
 * when the origin broke off in the middle of the work, or it was ended itself.
 */
export const refusedByGoaway: Proof = (attempt) =>
  provenUndone(attempt) && attempt.error?.h2Code !== 'REFUSED_STREAM';

/** The log, once the server has ended. */
export async function readHaproxyLog(server: RealServer): Promise<readonly SeenRequest[]> {
  return readStatusLines((await server.readOutputs()).join(''));
}

function configuration(
  place: Workplace,
  originSocket: string,
  { alpn = 'h2,http/1.1', windowBytes = 65_535, idleMs = 1_000 }: HaproxyOptions,
): string {
  // One thread: HAProxy drops a log line rather than wait for another thread to write its own (`fd_write_frag_line`).
  // hard-stop-after: it waits that long also for a spare that nobody uses, and the next reload waits for its end.
  return `global
  nbthread 1
  log stdout format raw local0
  maxconn 512
  tune.h2.initial-window-size ${windowBytes}
  hard-stop-after 1s
  stats socket ${place.file('haproxy.sock')} mode 600 level admin expose-fd listeners

defaults
  mode http
  log global
  timeout connect 2s
  timeout client 10s
  timeout server 10s
  timeout http-keep-alive ${idleMs}ms

frontend uploads
  bind 127.0.0.1:${place.port} ssl crt ${place.bothPath} alpn ${alpn}
  http-request capture req.hdr(${UPLOAD_HEADER}) len 40
  http-request capture req.hdr(${ATTEMPT_HEADER}) len 4
  log-format "%[capture.req.hdr(0)] %[capture.req.hdr(1)] %ST %HV %ts"
  default_backend origin

backend origin
  server sink unix@${originSocket}
`;
}
