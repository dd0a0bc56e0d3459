import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { Logger } from '@ferry/core';
import { z } from 'zod';

const readyLine = z.object({
  url: z.url(),
  controlUrl: z.url(),
  caPem: z.string().min(1),
  pid: z.int(),
  /** Of the first one: what the next is given, so that it is the same upstream. Not ours to understand. */
  certificate: z.unknown().optional(),
});

/** What a simulator says when it is ready. */
export type SimulatorAddress = z.output<typeof readyLine>;

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

const READY_MS = 20_000;
const STOP_MS = 3_000;
/** The first restart is quick: within the time in which an upload that was under way is tried again. */
const FIRST_BACKOFF_MS = 50;
const MAX_BACKOFF_MS = 10_000;
/** A simulator that lived this long was well: the next death starts the back-off anew. */
const WELL_MS = 30_000;

export interface SimulatorOptions {
  readonly logger: Logger;
  /** A simulator is ready, the first or one after another's death. */
  onReady(address: SimulatorAddress): void;
  /** It died and another is on its way. */
  onDown(): void;
}

/**
 * Keeps a simulator running as a child process. One that died is followed by another at the same address with the same
 * certificate, as an upstream that restarts; at another address when somebody has taken the port meanwhile. It ends when its standard input does, so that not even a gateway killed
 * with -9 leaves an orphan.
 */
export class Simulator {
  readonly #options: SimulatorOptions;
  #certificate: unknown;
  /** Where the last one was; undefined when the system is to choose. */
  #address: SimulatorAddress | undefined;
  #child: Child | undefined;
  #restart: NodeJS.Timeout | undefined;
  #stopping = false;
  #backoffMs = FIRST_BACKOFF_MS;

  constructor(options: SimulatorOptions) {
    this.#options = options;
  }

  /** Resolves when the first one is ready. Throws when it cannot be started. */
  async start(): Promise<void> {
    const child = this.#spawn();
    try {
      this.#announce(await readyAddress(child));
    } catch (error) {
      this.#stopping = true;
      child.kill('SIGKILL');
      throw error;
    }
    this.#watch(child);
  }

  /** Kills its process; another one is started as after any other death. */
  kill(): void {
    this.#child?.kill('SIGKILL');
  }

  /** Ends it and waits until it is gone. Idempotent. */
  async stop(): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#restart);
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.stdin.end();
    const kill = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
    await gone;
    clearTimeout(kill);
  }

  #spawn(): Child {
    const cli = fileURLToPath(import.meta.resolve('@ferry/upstream-sim/cli'));
    const known = this.#certificate !== undefined;
    const identity = known ? ['--certificate', '-', ...portsOf(this.#address)] : ['--print-certificate'];
    const args = [cli, '--parent-watch', ...identity];
    const child = spawn(process.execPath, args, {
      stdio: ['pipe', 'pipe', 'pipe'],
      // A group of its own: Ctrl+C in a terminal must not end it before the gateway has drained.
      detached: true,
      // Not ours: it needs none of the operator's secrets.
      env: { PATH: process.env.PATH, TMPDIR: process.env.TMPDIR },
    });
    // Both are told by its exit as well; unheard they would end the gateway.
    child.on('error', () => undefined);
    child.stdin.on('error', () => undefined);
    if (known) child.stdin.write(`${JSON.stringify(this.#certificate)}\n`);
    createInterface({ input: child.stderr }).on('line', (line) =>
      this.#options.logger.warn({ part: 'simulator' }, line),
    );
    this.#child = child;
    return child;
  }

  #announce(address: SimulatorAddress): void {
    const { url, controlUrl, pid } = address;
    this.#address = address;
    this.#certificate ??= address.certificate;
    this.#options.logger.info(
      { url, control_url: controlUrl, simulator_pid: pid },
      `Simulated upstream at ${url}, control at ${controlUrl}`,
    );
    this.#options.onReady(address);
  }

  #watch(child: Child): void {
    const startedAt = performance.now();
    const died = (): void => {
      if (this.#stopping) return;
      if (performance.now() - startedAt > WELL_MS) this.#backoffMs = FIRST_BACKOFF_MS;
      this.#options.onDown();
      this.#restartLater(`Simulated upstream ended (${child.signalCode ?? child.exitCode})`);
    };
    if (child.exitCode !== null || child.signalCode !== null) died();
    else child.once('exit', died);
  }

  #restartLater(why: string): void {
    const delayMs = this.#backoffMs;
    this.#backoffMs = Math.min(delayMs * 2, MAX_BACKOFF_MS);
    this.#options.logger.error({ delay_ms: delayMs }, `${why}; starting another`);
    this.#restart = setTimeout(() => void this.#again(), delayMs);
  }

  async #again(): Promise<void> {
    const child = this.#spawn();
    try {
      const address = await readyAddress(child);
      if (this.#stopping) return;
      this.#announce(address);
      this.#watch(child);
    } catch (error) {
      child.kill('SIGKILL');
      this.#address = undefined;
      if (!this.#stopping) this.#restartLater(error instanceof Error ? error.message : String(error));
    }
  }
}

function portsOf(address: SimulatorAddress | undefined): string[] {
  if (address === undefined) return [];
  return ['--port', new URL(address.url).port, '--control-port', new URL(address.controlUrl).port];
}

/** The first line it prints. Throws when that is something else, nothing, or too late. */
async function readyAddress(child: Child): Promise<SimulatorAddress> {
  const late = AbortSignal.timeout(READY_MS);
  const lines = createInterface({ input: child.stdout });
  const failed = once(child, 'error', { signal: late }).then(([error]) => {
    throw error;
  });
  const ended = once(child, 'exit', { signal: late }).then(([code, signal]) => {
    throw new Error(`the simulator ended before it was ready (${signal ?? code})`);
  });
  try {
    const [line] = await Promise.race([once(lines, 'line', { signal: late }), failed, ended]);
    return readyLine.parse(JSON.parse(String(line)));
  } catch (error) {
    const why = late.aborted
      ? `nothing within ${READY_MS} ms`
      : error instanceof Error
        ? error.message
        : String(error);
    throw new Error(`The simulated upstream cannot be started: ${why}`, { cause: error });
  } finally {
    failed.catch(() => undefined);
    ended.catch(() => undefined);
    // What it prints later is read and dropped, so that its pipe never fills.
    lines.on('line', () => undefined);
  }
}
