import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const START_MS = 60_000;
const STOP_MS = 10_000;

/** A running gateway. */
export interface FerryProcess {
  /** Where the gateway listens, such as `http://localhost:41234`. */
  readonly url: string;
  /** The control address of the simulator that it started; undefined when it was given an upstream. */
  readonly controlUrl: string | undefined;
  readonly pid: number;
  /** Ends it, with its simulator, and removes their data. */
  stop(): Promise<void>;
}

/** An upstream that is there already. */
export interface GivenUpstream {
  readonly url: string;
  readonly caPem: string;
}

/**
 * Starts the built gateway on a port of the system's choice, without a database and without a limit on one caller's requests.
 * @param upstream default: the gateway starts a simulator of its own.
 * @throws Error with its last lines when it does not start.
 */
export async function startFerry(
  environment: Readonly<Record<string, string>>,
  upstream?: GivenUpstream,
): Promise<FerryProcess> {
  const directory = await mkdtemp(join(tmpdir(), 'ferry-bench-'));
  const provider = upstream === undefined ? {} : await providerOf(upstream, directory);
  const main = fileURLToPath(import.meta.resolve('@ferry/server/main'));
  const child = spawn(process.execPath, ['--enable-source-maps', main], {
    cwd: directory,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      PATH: process.env.PATH,
      FERRY_SERVER__PORT: '0',
      FERRY_SERVER__DATA_DIR: directory,
      FERRY_DATABASE__EMBEDDED: 'false',
      FERRY_AUTH__REQUESTS_PER_MINUTE: '0',
      ...provider,
      ...environment,
    },
  });
  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) {
      const gone = once(child, 'exit');
      child.kill('SIGTERM');
      const kill = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
      await gone;
      clearTimeout(kill);
    }
    await rm(directory, { recursive: true, force: true });
  };
  try {
    const lines = createInterface({ input: child.stdout });
    const addresses = await readAddresses(lines, upstream === undefined, AbortSignal.timeout(START_MS));
    // Its log goes on; nobody needs it, and a full pipe would stop it.
    child.stdout.resume();
    return { ...addresses, pid: child.pid ?? Number.NaN, stop };
  } catch (error) {
    await stop();
    throw error;
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

async function readAddresses(
  lines: AsyncIterable<string>,
  simulated: boolean,
  signal: AbortSignal,
): Promise<{ readonly url: string; readonly controlUrl: string | undefined }> {
  const seen: string[] = [];
  let controlUrl: string | undefined;
  for await (const line of lines) {
    signal.throwIfAborted();
    seen.push(line);
    controlUrl ??= /control at (http:\/\/[^"\s]+)/.exec(line)?.[1];
    const url = /Ferry is ready: (http:\/\/[^"\s/]+)/.exec(line)?.[1];
    if (url !== undefined && (!simulated || controlUrl !== undefined)) return { url, controlUrl };
  }
  throw new Error(`the gateway ended before it was ready:\n${seen.slice(-20).join('\n')}`);
}
