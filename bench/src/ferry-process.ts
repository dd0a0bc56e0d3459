import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { adopt, stopChild } from './children/child.ts';
import { sharedCompileCache } from './children/compile-cache.ts';
import { temporaryFolder } from './children/temporary-folder.ts';

const START_MS = 60_000;

/** A running gateway. */
export interface FerryProcess {
  /** Where the gateway listens, such as `http://localhost:41234`. */
  readonly url: string;
  readonly pid: number;
  /** Ends it and removes its data. */
  stop(): Promise<void>;
}

/** Where its uploads go. */
export interface GivenUpstream {
  readonly url: string;
  readonly caPem: string;
}

/** The gateway as it is shipped, or, for a profile that names its modules, before they are bundled. */
export type FerryBuild = 'main' | 'modules';

const MAIN: Readonly<Record<FerryBuild, () => string>> = {
  main: () => import.meta.resolve('@ferry/server/main'),
  modules: () => import.meta.resolve('@ferry/server/modules'),
};

/**
 * Starts the built gateway on a port of the system's choice, without a database and without a limit on one caller's requests.
 * @throws Error with its last lines when it does not start.
 */
export async function startFerry(
  environment: Readonly<Record<string, string>>,
  upstream: GivenUpstream,
  nodeOptions: readonly string[] = [],
  build: FerryBuild = 'main',
): Promise<FerryProcess> {
  const folder = await temporaryFolder();
  const directory = folder.path;
  const main = fileURLToPath(MAIN[build]());
  const running = spawn(process.execPath, ['--enable-source-maps', ...nodeOptions, main], {
    cwd: directory,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env.PATH,
      ...sharedCompileCache(),
      FERRY_SERVER__PORT: '0',
      FERRY_SERVER__DATA_DIR: directory,
      FERRY_DATABASE__EMBEDDED: 'false',
      FERRY_AUTH__REQUESTS_PER_MINUTE: '0',
      ...(await providerOf(upstream, directory)),
      ...environment,
    },
  });
  const child = adopt(running);
  const stop = async (): Promise<void> => {
    await stopChild(child, () => running.kill('SIGTERM'));
    await folder[Symbol.asyncDispose]();
  };
  const late = setTimeout(() => running.kill('SIGKILL'), START_MS);
  try {
    const url = await readAddress(createInterface({ input: running.stdout }));
    // Its log goes on; nobody needs it, and a full pipe would stop it.
    running.stdout.resume();
    return { url, pid: running.pid ?? Number.NaN, stop };
  } catch (error) {
    await stop();
    throw error;
  } finally {
    clearTimeout(late);
  }
}

async function providerOf(
  { url, caPem }: GivenUpstream,
  directory: string,
): Promise<Readonly<Record<string, string>>> {
  const caFile = join(directory, 'authority.pem');
  await writeFile(caFile, caPem);
  return {
    BENCH_KEY: 'bench',
    FERRY_PROVIDER__0__NAME: 'bench',
    FERRY_PROVIDER__0__BASE_URL: url,
    FERRY_PROVIDER__0__MODELS: 'grok-imagine-image',
    FERRY_PROVIDER__0__KEYS: 'env:BENCH_KEY',
    FERRY_PROVIDER__0__CA_FILE: caFile,
  };
}

async function readAddress(lines: AsyncIterable<string>): Promise<string> {
  const seen: string[] = [];
  for await (const line of lines) {
    seen.push(line);
    const url = /Ferry is ready: (http:\/\/[^"\s/]+)/.exec(line)?.[1];
    if (url !== undefined) return url;
  }
  throw new Error(`the gateway ended before it was ready:\n${seen.slice(-20).join('\n')}`);
}
