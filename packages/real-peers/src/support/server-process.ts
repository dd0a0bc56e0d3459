import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { connect as connectTcp } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { waitUntil } from './wait-until.ts';

export interface ServerCommand {
  readonly path: string;
  readonly args: readonly string[];
  /** Where its standard output goes. */
  readonly outputPath: string;
}

/** How long a server may take to end by itself before it is killed. */
const END_MS = 8_000;
/** What is kept of a server's complaints. Characters. */
const COMPLAINTS = 2_000;

/** A server as a child process, in a process group of its own so that its workers end with it. */
export class ServerProcess implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;
  #complaints = '';

  private constructor(child: ChildProcess) {
    this.#child = child;
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#complaints = (this.#complaints + text).slice(-COMPLAINTS);
    });
    // A test run that is cut short must not leave servers behind.
    process.on('exit', this.#killGroup);
    this.#ended = once(child, 'close').then(() => {
      this.#killGroup();
      process.off('exit', this.#killGroup);
    });
  }

  /** @throws Error with what the program said when it cannot be started. */
  static async start(command: ServerCommand): Promise<ServerProcess> {
    const output = openSync(command.outputPath, 'a');
    try {
      const child = spawn(command.path, command.args, { stdio: ['ignore', output, 'pipe'], detached: true });
      await once(child, 'spawn');
      return new ServerProcess(child);
    } finally {
      closeSync(output);
    }
  }

  get pid(): number {
    return this.#child.pid ?? Number.NaN;
  }

  get running(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** What it wrote to standard error, at most the last 2,000 characters. */
  get complaints(): string {
    return this.#complaints;
  }

  /** Waits for a TLS handshake on the port: listening is not yet answering. Without an authority, for a connection. */
  async untilAnswers(port: number, caPem: string | undefined): Promise<void> {
    await waitUntil(`an answer on port ${port}`, () => {
      if (!this.running) throw new Error(`the server ended: ${this.#complaints}`);
      return answers(port, caPem);
    });
  }

  signal(name: NodeJS.Signals): void {
    // A killed master cannot tell its workers.
    if (name === 'SIGKILL') this.#killGroup();
    else this.#child.kill(name);
  }

  /** Ends it with a signal and waits until it and its workers are gone. */
  async stop(name: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    if (this.running) this.signal(name);
    await this.ended();
  }

  /** Waits until it has ended by itself, and kills it when it does not. */
  async ended(): Promise<void> {
    const patience = new AbortController();
    const late = delay(END_MS, true, { signal: patience.signal }).catch(() => false);
    const tookTooLong = await Promise.race([this.#ended.then(() => false), late]);
    patience.abort();
    if (tookTooLong) this.#killGroup();
    await this.#ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop('SIGKILL');
  }

  readonly #killGroup = (): void => {
    try {
      process.kill(-this.pid, 'SIGKILL');
    } catch {
      // Nobody of the group is left.
    }
  };
}

function answers(port: number, caPem: string | undefined): Promise<boolean> {
  return new Promise((resolve) => {
    const at = { host: '127.0.0.1', port };
    const socket =
      caPem === undefined
        ? connectTcp(at)
        : connectTls({ ...at, ca: caPem, ALPNProtocols: ['h2', 'http/1.1'] });
    const answer = (yes: boolean) => {
      socket.destroy();
      resolve(yes);
    };
    socket.once(caPem === undefined ? 'connect' : 'secureConnect', () => answer(true));
    socket.once('error', () => answer(false));
    socket.setTimeout(1_000, () => answer(false));
  });
}
