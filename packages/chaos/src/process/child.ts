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
/** What is told of the complaints of a process that has ended. Lines. */
const TOLD = 12;

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
  readonly #tail: string[] = [];
  readonly #watchers = new Set<(line: string) => void>();
  readonly #gone: Promise<unknown>;

  constructor({ args, cwd, env, onLine }: ChildCommand) {
    const child = spawn(process.execPath, [...args], {
      cwd,
      env: { PATH: process.env.PATH, ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    running.add(child);
    child.stdin.on('error', () => undefined);
    createInterface({ input: child.stdout }).on('line', (line) => {
      this.#keep(line);
      onLine?.(line);
      for (const watch of [...this.#watchers]) watch(line);
    });
    createInterface({ input: child.stderr }).on('line', (line) => {
      this.complaints.push(line);
      this.#keep(line);
    });
    this.#gone = once(child, 'close').finally(() => running.delete(child));
    this.#child = child;
  }

  get pid(): number {
    return this.#child.pid ?? Number.NaN;
  }

  get alive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** How it ended, and what it last wrote to standard error. */
  get lastWords(): readonly string[] {
    return [
      `it ended with ${this.#child.signalCode ?? this.#child.exitCode}`,
      ...this.complaints.slice(-TOLD),
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
    const fail = (why: string): void => found.reject(new Error(`${why}\n${this.#tail.join('\n')}`));
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

  #keep(line: string): void {
    this.#tail.push(line);
    if (this.#tail.length > TAIL) this.#tail.shift();
  }
}
