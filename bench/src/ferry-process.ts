import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const START_MS = 60_000;

/** A running gateway with its simulated upstream. */
export interface FerryProcess {
  /** Where the gateway listens, such as `http://localhost:41234`. */
  readonly url: string;
  /** The simulator's control address: its ledger counts connections. */
  readonly controlUrl: string;
  /** Ends both and removes their data. */
  stop(): Promise<void>;
}

/** Starts the built gateway on a port of the system's choice. Throws with its last lines when it does not start. */
export async function startFerry(environment: Readonly<Record<string, string>>): Promise<FerryProcess> {
  const directory = await mkdtemp(join(tmpdir(), 'ferry-bench-'));
  const main = fileURLToPath(import.meta.resolve('@ferry/server/main'));
  const child = spawn(process.execPath, ['--enable-source-maps', main], {
    cwd: directory,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      PATH: process.env.PATH,
      FERRY_SERVER__PORT: '0',
      FERRY_SERVER__DATA_DIR: directory,
      ...environment,
    },
  });
  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) {
      const gone = once(child, 'exit');
      child.kill('SIGTERM');
      await gone;
    }
    await rm(directory, { recursive: true, force: true });
  };
  try {
    const lines = createInterface({ input: child.stdout });
    const { url, controlUrl } = await readAddresses(lines, AbortSignal.timeout(START_MS));
    // Its log goes on; nobody needs it, and a full pipe would stop it.
    child.stdout.resume();
    return { url, controlUrl, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function readAddresses(
  lines: AsyncIterable<string>,
  signal: AbortSignal,
): Promise<{ url: string; controlUrl: string }> {
  const seen: string[] = [];
  let controlUrl: string | undefined;
  for await (const line of lines) {
    signal.throwIfAborted();
    seen.push(line);
    controlUrl ??= /control at (http:\/\/[^"\s]+)/.exec(line)?.[1];
    const url = /Ferry is ready: (http:\/\/[^"\s/]+)/.exec(line)?.[1];
    if (url !== undefined && controlUrl !== undefined) return { url, controlUrl };
  }
  throw new Error(`the gateway ended before it was ready:\n${seen.slice(-20).join('\n')}`);
}
