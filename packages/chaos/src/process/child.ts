import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';

/** A run that ends early must not leave its processes behind. */
const running = new Set<ChildProcessByStdio<Writable, Readable, Readable>>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** What is kept of what a process said. Lines. */
const TAIL = 40;
/** What is told of either output of a process that has ended: its lines, and the characters of one. */
const TOLD = { lines: 20, characters: 300 } as const;

export interface ChildCommand {
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** Hears every line of standard output. */
  readonly onLine?: (line: string) => void;
}

/** A Node process of its own, heard line by line. */
export class Child {
  /** What it wrote to standard error, line by line. */
  readonly complaints: string[] = [];
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  /** The last lines of its standard output. */
  readonly #said: string[] = [];
  readonly #watchers = new Set<(line: string) => void>();
  readonly #gone: Promise<unknown>;
  #goneAt: Date | undefined;

  constructor({ args, cwd, env, onLine }: ChildCommand) {
    const child = spawn(process.execPath, [...args], {
      cwd,
      env: { PATH: process.env.PATH, ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    running.add(child);
    child.stdin.on('error', () => undefined);
    createInterface({ input: child.stdout }).on('line', (line) => {
      this.#said.push(line);
      if (this.#said.length > TAIL) this.#said.shift();
      onLine?.(line);
      for (const watch of [...this.#watchers]) watch(line);
    });
    createInterface({ input: child.stderr }).on('line', (line) => {
      this.complaints.push(line);
    });
    this.#gone = once(child, 'close').finally(() => {
      this.#goneAt = new Date();
      running.delete(child);
    });
    this.#child = child;
  }

  get pid(): number {
    return this.#child.pid ?? Number.NaN;
  }

  get alive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** How and when it ended, and what it last wrote: a signal may have come from anybody, its log says whether it was told to end. */
  get lastWords(): readonly string[] {
    const { signalCode, exitCode } = this.#child;
    const last = (lines: readonly string[]): string[] =>
      lines.slice(-TOLD.lines).map((line) => line.slice(0, TOLD.characters));
    return [
      `it ended with ${signalCode ?? exitCode} at ${this.#goneAt?.toISOString() ?? 'a time not known yet'}`,
      'standard error:',
      ...last(this.complaints),
      'standard output:',
      ...last(this.#said),
    ];
  }

  /** The first line that `read` understands. @throws Error with its last words when it ends, or is late, without. */
  async line<T>(read: (line: string) => T | undefined, withinMs: number): Promise<T> {
    const found = Promise.withResolvers<T>();
    const watch = (line: string): void => {
      const value = read(line);
      if (value !== undefined) found.resolve(value);
    };
    this.#watchers.add(watch);
    const fail = (why: string): void => found.reject(new Error([why, ...this.lastWords].join('\n')));
    const late = setTimeout(() => fail(`the process was not ready within ${withinMs} ms`), withinMs);
    void this.#gone.then(() => fail('the process ended before it was ready'));
    try {
      return await found.promise;
    } finally {
      clearTimeout(late);
      this.#watchers.delete(watch);
    }
  }

  /** Sends a signal and waits for its end; after `patienceMs` it is killed. */
  async stop(signal: NodeJS.Signals, patienceMs = 20_000): Promise<void> {
    if (this.alive) this.#child.kill(signal);
    const late = setTimeout(() => this.#child.kill('SIGKILL'), patienceMs);
    await this.#gone;
    clearTimeout(late);
  }
}
