import type { Binary } from './binary.ts';
import type { ServerKind } from './real-server.ts';

/** tinyproxy as an office runs it: HTTP on loopback, CONNECT to the one port that is allowed. */
export function tinyproxyServer(binary: Binary, upstream: { readonly url: URL }): ServerKind {
  return {
    path: binary.path,
    speaks: 'tcp',
    prepare: async (place) => {
      await place.write(
        'tinyproxy.conf',
        `Port ${place.port}
Listen 127.0.0.1
Allow 127.0.0.1
ConnectPort ${upstream.url.port}
MaxClients 200
Timeout 30
LogLevel Connect
`,
      );
    },
    // In the foreground; without a LogFile it writes to standard output.
    args: (place) => ['-d', '-c', place.file('tinyproxy.conf')],
    gracefulSignal: 'SIGTERM',
  };
}
