import { readFile } from 'node:fs/promises';
import { ServerProcess } from './server-process.ts';
import { openWorkplace, type Workplace } from './workplace.ts';

/** What differs from server to server. */
export interface ServerKind {
  readonly path: string;
  /** What its port is asked for to know that it answers. Default `tls`. */
  readonly speaks?: 'tls' | 'tcp';
  /** Writes what the server needs into its folder. */
  prepare?(place: Workplace): Promise<void>;
  /** Its arguments; `predecessor` is the process that a new one replaces while both run. */
  args(place: Workplace, predecessor?: ServerProcess): readonly string[];
  /** Ends it without cutting off what is under way. */
  readonly gracefulSignal: NodeJS.Signals;
}

/** A server that may be replaced while it is used: its folder, port and certificate outlive its processes. */
export class RealServer implements AsyncDisposable {
  #kind: ServerKind;
  readonly #place: Workplace;
  readonly #started: ServerProcess[] = [];

  private constructor(kind: ServerKind, place: Workplace) {
    this.#kind = kind;
    this.#place = place;
  }

  /** @throws Error with the server's own words when it does not start. */
  static async start(kind: ServerKind): Promise<RealServer> {
    const server = new RealServer(kind, await openWorkplace());
    try {
      await kind.prepare?.(server.#place);
      await server.#begin();
      return server;
    } catch (error) {
      await server[Symbol.asyncDispose]();
      throw error;
    }
  }

  get url(): URL {
    return this.#place.url;
  }

  get caPem(): string {
    return this.#place.caPem;
  }

  /** The process that new connections go to. */
  get current(): ServerProcess {
    const process = this.#started.at(-1);
    if (process === undefined) throw new Error('the server was never started');
    return process;
  }

  /** Writes the configuration of another kind, which holds for processes that start or reload from now on. */
  async reconfigure(kind: ServerKind): Promise<void> {
    await kind.prepare?.(this.#place);
    this.#kind = kind;
  }

  /** Cuts off whatever is under way: the port is closed for a moment, then a new process answers. */
  async restart(): Promise<void> {
    await this.current.stop('SIGKILL');
    await this.#begin();
  }

  /** Starts a successor on the same port and waits for `ready`, then for the old process to end by itself. */
  async replace(ready?: (old: ServerProcess, successor: ServerProcess) => Promise<void>): Promise<void> {
    const old = this.current;
    await this.#begin(old);
    await ready?.(old, this.current);
    await old.ended();
  }

  readFile(name: string): Promise<string> {
    return readFile(this.#place.file(name), 'utf8');
  }

  /** What each of its processes wrote to standard output, in the order in which they were started. */
  readOutputs(): Promise<string[]> {
    return Promise.all(this.#started.map((_, index) => this.readFile(outputName(index))));
  }

  /** Ends it gracefully: only then is its log whole. */
  async stop(): Promise<void> {
    await this.current.stop(this.#kind.gracefulSignal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const process of this.#started.splice(0)) await process[Symbol.asyncDispose]();
    await this.#place[Symbol.asyncDispose]();
  }

  async #begin(predecessor?: ServerProcess): Promise<void> {
    const process = await ServerProcess.start({
      path: this.#kind.path,
      args: this.#kind.args(this.#place, predecessor),
      outputPath: this.#place.file(outputName(this.#started.length)),
    });
    this.#started.push(process);
    const { port, caPem } = this.#place;
    await process.untilAnswers(port, this.#kind.speaks === 'tcp' ? undefined : caPem);
  }
}

/** One each: HAProxy drops O_APPEND from what it inherits and would write over its predecessor's. */
function outputName(index: number): string {
  return `output-${index}.log`;
}
