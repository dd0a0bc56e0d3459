import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Binary } from './binary.ts';
import type { RealServer, ServerKind } from './real-server.ts';
import { readStatusLines, type SeenRequest } from './traffic-log.ts';
import { waitUntil } from './wait-until.ts';

const SOURCE = fileURLToPath(new URL('../../go', import.meta.url));

export interface GoProgram extends AsyncDisposable {
  readonly path: string;
}

/**
 * Builds the server in `go/` with what the machine has: the standard library and no network.
 * @throws Error with the compiler's words when it does not build.
 */
export async function buildGoServer(go: Binary): Promise<GoProgram> {
  const folder = await mkdtemp(join(tmpdir(), 'ferry-go-'));
  const remove = () => rm(folder, { recursive: true, force: true });
  const path = join(folder, 'server');
  try {
    await promisify(execFile)(go.path, ['build', '-buildvcs=false', '-o', path, '.'], {
      cwd: SOURCE,
      env: {
        PATH: `${dirname(go.path)}:/usr/bin:/bin`,
        HOME: folder,
        GOCACHE: join(folder, 'cache'),
        GOPATH: join(folder, 'path'),
        GOFLAGS: '-mod=mod',
        GOPROXY: 'off',
        // A newer Go would otherwise look for the version that go.mod names.
        GOTOOLCHAIN: 'local',
        CGO_ENABLED: '0',
      },
    });
    return { path, [Symbol.asyncDispose]: remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

export interface GoOptions {
  /** How long a connection may be unused, in Go's notation, such as `50ms`. Default `1s`. */
  readonly idle?: string;
  /** Default true; without it HTTP/1.1 is all that it offers. */
  readonly http2?: boolean;
  /** Of ten uploads, by the last digit of their number, how many it breaks off over HTTP/2. Default 0. */
  readonly brokenOfTen?: number;
}

export function goServer(
  program: GoProgram,
  { idle = '1s', http2 = true, brokenOfTen = 0 }: GoOptions = {},
): ServerKind {
  return {
    path: program.path,
    args: (place) => [
      `-address=127.0.0.1:${place.port}`,
      `-cert=${place.certPath}`,
      `-key=${place.keyPath}`,
      `-idle=${idle}`,
      `-http2=${http2}`,
      `-broken=${brokenOfTen}`,
    ],
    gracefulSignal: 'SIGTERM',
  };
}

/** A deployment without a gap: a successor listens on the same port, then the old process shuts down gracefully. */
export async function deployGoServer(server: RealServer): Promise<void> {
  await server.replace(async (old) => {
    await waitUntil(
      'a second Go server',
      async () => (await server.readOutputs()).at(-1)?.includes('listening') === true,
    );
    old.signal('SIGTERM');
  });
}

/** What it logged, once it has ended. */
export async function readGoLog(server: RealServer): Promise<readonly SeenRequest[]> {
  return (await server.readOutputs()).flatMap(readStatusLines);
}
