/** Starts the built gateway as a process of its own, the way an operator does, and looks at it from outside. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { chmod, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { SimulatorControl } from './simulator-control.ts';

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
const READY_MS = 30_000;

/** A test that runs out of time never reaches its `await using`: what it started must not outlive the run. */
const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

export interface LogLine {
  readonly level: string;
  readonly msg: string;
  readonly [field: string]: unknown;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface FerryOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Content of `ferry.toml`. */
  readonly toml?: string;
  readonly args?: readonly string[];
  /** Its own PostgreSQL, the one at an address, or none: most tests need none, and are faster without. */
  readonly database?: 'embedded' | URL | undefined;
}

/** A started process, whether or not it ever serves. */
export class FerryProcess implements AsyncDisposable {
  readonly folder: string;
  readonly lines: LogLine[] = [];
  stdout = '';
  stderr = '';
  readonly exited: Promise<Exit>;
  readonly #child: ChildProcess;
  readonly #watchers = new Set<() => void>();

  private constructor(child: ChildProcess, folder: string) {
    this.#child = child;
    running.add(child);
    this.folder = folder;
    if (child.stdout === null || child.stderr === null) throw new Error('the process has no output');
    createInterface({ input: child.stdout }).on('line', (line) => this.#hear(line));
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
    });
    this.exited = once(child, 'close').then(([code, signal]) => {
      running.delete(child);
      for (const look of this.#watchers) look();
      return { code, signal };
    });
  }

  static async spawn({ env = {}, toml, args = [], database }: FerryOptions = {}): Promise<FerryProcess> {
    const folder = await mkdtemp(join(tmpdir(), 'ferry-e2e-'));
    // PostgreSQL runs as another user when we are root, and has to walk through.
    await chmod(folder, 0o711);
    if (toml !== undefined) await writeFile(join(folder, 'ferry.toml'), toml);
    const child = spawn(process.execPath, [MAIN, ...args], {
      cwd: folder,
      env: { PATH: process.env.PATH, FERRY_SERVER__PORT: '0', ...databaseOf(database), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return new FerryProcess(child, folder);
  }

  get pid(): number {
    if (this.#child.pid === undefined) throw new Error('the process was not started');
    return this.#child.pid;
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** The first line that fits, now or later. Throws when the process ends, or time is up, without it. */
  async line(fits: (line: LogLine) => boolean, timeoutMs = READY_MS): Promise<LogLine> {
    const found = await this.#until(() => this.lines.find(fits), timeoutMs);
    return found;
  }

  messages(requestId?: string): string[] {
    return this.lines
      .filter((line) => requestId === undefined || line.request_id === requestId)
      .map(({ msg }) => msg);
  }

  /** Waits for the end; kills and throws when it does not come. */
  async exit(timeoutMs = READY_MS): Promise<Exit> {
    const late = setTimeout(() => this.#child.kill('SIGKILL'), timeoutMs);
    const exit = await this.exited;
    clearTimeout(late);
    return exit;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.#child.kill('SIGKILL');
    await this.exited;
    // A PostgreSQL of its own ends a moment later.
    await rm(this.folder, { recursive: true, force: true, maxRetries: 50, retryDelay: 20 });
  }

  #hear(text: string): void {
    this.stdout += `${text}\n`;
    if (!text.startsWith('{')) return;
    this.lines.push(JSON.parse(text));
    for (const look of this.#watchers) look();
  }

  #until<T>(look: () => T | undefined, timeoutMs: number): Promise<T> {
    return new Promise((resolve, reject) => {
      const settle = (finish: () => void) => {
        clearTimeout(late);
        this.#watchers.delete(again);
        finish();
      };
      const again = () => {
        const found = look();
        if (found !== undefined) settle(() => resolve(found));
        else if (this.#child.exitCode !== null || this.#child.signalCode !== null) {
          settle(() => reject(new Error(`the gateway ended without it\n${this.stdout}${this.stderr}`)));
        }
      };
      const late = setTimeout(
        () =>
          settle(() =>
            reject(new Error(`no such line within ${timeoutMs} ms\n${this.stdout}${this.stderr}`)),
          ),
        timeoutMs,
      );
      this.#watchers.add(again);
      again();
    });
  }
}

function databaseOf(database: FerryOptions['database']): Record<string, string> {
  if (database === 'embedded') return {};
  if (database === undefined) return { FERRY_DATABASE__EMBEDDED: 'false' };
  return { DATABASE_URL: database.href };
}

/** A gateway that is ready, with its simulator. */
export interface Ferry extends AsyncDisposable {
  readonly process: FerryProcess;
  /** Such as `http://localhost:41234`. */
  readonly url: string;
  readonly simulator: SimulatorControl;
  readonly simulatorPid: number;
}

export async function startFerry(options: FerryOptions = {}): Promise<Ferry> {
  const process = await FerryProcess.spawn(options);
  try {
    const ready = await process.line(({ msg }) => msg.startsWith('Ferry is ready: '));
    const simulated = await process.line(({ msg }) => msg.startsWith('Simulated upstream at '));
    return {
      process,
      url: new URL(ready.msg.slice('Ferry is ready: '.length)).origin,
      simulator: new SimulatorControl(String(simulated.control_url)),
      simulatorPid: Number(simulated.simulator_pid),
      [Symbol.asyncDispose]: () => process[Symbol.asyncDispose](),
    };
  } catch (error) {
    await process[Symbol.asyncDispose]();
    throw error;
  }
}

/** Whether a process is there. A zombie is not. */
export function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

/** The most memory a process has had resident, in bytes. */
export function peakMemory(pid: number): number {
  const line = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(line?.[1]) * 1024;
}

/** What a process keeps of requests: open spools (they have no name) and files in its temporary folder. */
export async function leftovers({ process }: Pick<Ferry, 'process'>): Promise<string[]> {
  const descriptors = readdirSync(`/proc/${process.pid}/fd`).flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/${process.pid}/fd/${fd}`)];
    } catch {
      return [];
    }
  });
  const named = await readdir(join(process.folder, '.ferry', 'tmp')).catch(() => []);
  return [...descriptors.filter((path) => path.includes('.spool')), ...named];
}

/** Looks again until `holds`; for what has no event, such as another process's memory. */
export async function eventually(
  holds: () => boolean | Promise<boolean>,
  timeoutMs = 10_000,
): Promise<boolean> {
  const until = performance.now() + timeoutMs;
  while (performance.now() < until) {
    if (await holds()) return true;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return await holds();
}
