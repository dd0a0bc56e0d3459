import { readdirSync, readFileSync } from 'node:fs';
import type { Binary } from './binary.ts';
import type { RealServer, ServerKind } from './real-server.ts';
import { readStatusLines, type SeenRequest } from './traffic-log.ts';
import { waitUntil } from './wait-until.ts';
import type { Workplace } from './workplace.ts';

const WORKERS = 2;

export interface NginxOptions {
  /** Default 2. */
  readonly workers?: number;
  /** Default true; without it HTTP/1.1 is all that it offers. */
  readonly http2?: boolean;
}

/** nginx as people run it in front of an upload API: TLS, HTTP/2 and HTTP/1.1, a request buffer, an origin behind. */
export function nginxServer(
  binary: Binary,
  origin: { readonly socketPath: string },
  /** Directives of the server block, beside what this file sets. */
  directives: readonly string[],
  options: NginxOptions = {},
): ServerKind {
  return {
    path: binary.path,
    prepare: async (place) => {
      await place.write('nginx.conf', configuration(place, origin.socketPath, directives, options));
    },
    args: (place) => ['-e', 'stderr', '-p', place.file('.'), '-c', place.file('nginx.conf')],
    gracefulSignal: 'SIGQUIT',
  };
}

/** What `nginx -s reload` does, waited for: new workers accept, old ones no more, and finish what they have. */
export async function reloadNginx(server: RealServer): Promise<void> {
  const { pid } = server.current;
  const before = childrenOf(pid);
  server.current.signal('SIGHUP');
  await untilNewWorkers(pid, before, WORKERS);
  await waitUntil('old workers of nginx to stop accepting', () => !before.some(accepts));
}

/** As when workers crash or run out of memory: every connection is cut, but the port stays open, for the master has it. */
export async function killNginxWorkers(server: RealServer): Promise<void> {
  const { pid } = server.current;
  const before = childrenOf(pid);
  for (const worker of before) process.kill(worker, 'SIGKILL');
  await untilNewWorkers(pid, before, before.length);
}

function untilNewWorkers(pid: number, before: readonly number[], count: number): Promise<void> {
  return waitUntil(
    'new workers of nginx',
    () => childrenOf(pid).filter((worker) => !before.includes(worker)).length === count,
  );
}

/** The access log, once the server has ended. */
export async function readNginxLog(server: RealServer): Promise<readonly SeenRequest[]> {
  return readStatusLines(await server.readFile('access.log'));
}

/** A worker that was told to end says so in its title, and closes its listening sockets then. */
function accepts(worker: number): boolean {
  try {
    return !readFileSync(`/proc/${worker}/cmdline`, 'utf8').includes('shutting down');
  } catch {
    return false;
  }
}

function childrenOf(pid: number): number[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((task) =>
    readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
  );
}

function configuration(
  place: Workplace,
  originSocket: string,
  directives: readonly string[],
  { workers = WORKERS, http2 = true }: NginxOptions,
): string {
  // The workers of a root master would lose the right to enter the folder.
  const user = process.getuid?.() === 0 ? 'user root;' : '';
  const folders = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return `
    ${user}
    daemon off;
    worker_processes ${workers};
    worker_shutdown_timeout 5s;
    pid ${place.file('nginx.pid')};
    error_log stderr warn;
    events { worker_connections 512; }
    http {
      log_format uploads '$http_x_upload_id $http_x_attempt $status $server_protocol';
      access_log ${place.file('access.log')} uploads;
      ${folders.map((name) => `${name}_temp_path ${place.file(name)};`).join('\n')}
      server {
        listen 127.0.0.1:${place.port} ssl${http2 ? ' http2' : ''};
        ssl_certificate ${place.certPath};
        ssl_certificate_key ${place.keyPath};
        ${directives.join('\n')}
        location / {
          proxy_pass http://unix:${originSocket}:;
          proxy_http_version 1.1;
        }
      }
    }`;
}
