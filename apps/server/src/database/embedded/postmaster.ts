import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, fstatSync, ftruncateSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Account } from './account.ts';
import { guard } from './guard.ts';
import type { Cluster } from './init-cluster.ts';
import { PORT } from './places.ts';

/** Small: Ferry's tables are. The rest of PostgreSQL's own defaults hold, fsync above all. */
const SETTINGS = {
  listen_addresses: '',
  port: String(PORT),
  unix_socket_permissions: '0700',
  max_connections: '100',
  shared_buffers: '32MB',
  log_min_messages: 'warning',
  log_checkpoints: 'off',
  cluster_name: 'ferry',
} as const;

/** SIGINT is a fast shutdown, SIGQUIT an immediate one that recovers at the next start (pg_ctl(1)). Milliseconds. */
const FAST_MS = 10_000;
const IMMEDIATE_MS = 3_000;

/** A log that has grown beyond this starts anew with the next server. Bytes. */
const MAX_LOG_BYTES = 1024 * 1024;

/** To append. The folder is PostgreSQL's own: if we are root, a link there must not choose what we write to or empty. */
const LOG_FLAGS = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | (constants.O_NOFOLLOW ?? 0);

/** A server that runs as our child, with a guard that ends it when we die. */
export class Postmaster {
  readonly #child: ChildProcess;
  readonly #log: string;
  /** Where its own part of the log begins. */
  readonly #logFrom: number;
  readonly #exited: Promise<unknown>;
  readonly #guard: Disposable | undefined;

  private constructor(child: ChildProcess, account: Account | undefined, log: string, logFrom: number) {
    this.#child = child;
    this.#log = log;
    this.#logFrom = logFrom;
    this.#exited = new Promise((resolve) => {
      child.once('exit', resolve);
      // Such as EPERM when a container has no CAP_SETUID: it never ran.
      child.once('error', resolve);
    });
    this.#guard = child.pid === undefined ? undefined : guard(child.pid, account);
    void this.#exited.then(() => this.#guard?.[Symbol.dispose]());
  }

  static spawn(cluster: Cluster, sockets: string): Postmaster {
    const { binaries, account, home, sync } = cluster;
    const settings = {
      ...SETTINGS,
      ...(!sync && { fsync: 'off' }),
      unix_socket_directories: `"${sockets.replaceAll('"', '""')}"`,
    };
    const path = join(home, 'server.log');
    // Another instance's server may be writing to it.
    const log = openSync(path, LOG_FLAGS, 0o600);
    try {
      if (fstatSync(log).size > MAX_LOG_BYTES) ftruncateSync(log);
      const logFrom = fstatSync(log).size;
      const child = spawn(
        binaries.postgres,
        [
          '-D',
          join(home, 'data'),
          ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
        ],
        {
          // A file and not a pipe: it must be able to write on when we are gone.
          stdio: ['ignore', log, log],
          // A group of its own: Ctrl+C in a terminal must not end it before the gateway has drained.
          detached: true,
          cwd: '/',
          // None of the operator's secrets.
          env: { PATH: process.env.PATH, TZ: 'UTC' },
          ...(account !== undefined && { uid: account.uid, gid: account.gid }),
        },
      );
      // It is no reason to stay: whoever stops waits for it.
      child.unref();
      return new Postmaster(child, account, path, logFrom);
    } finally {
      closeSync(log);
    }
  }

  get alive(): boolean {
    return this.#child.pid !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  get exited(): Promise<unknown> {
    return this.#exited;
  }

  /** What it said last. */
  async lastWords(): Promise<string> {
    const log = await readFile(this.#log).catch(() => Buffer.alloc(0));
    const said = log.subarray(this.#logFrom).toString();
    const fatal = said.split('\n').findLast((line) => /\b(FATAL|PANIC|ERROR):/.test(line));
    return fatal?.replace(/^.*?\b(FATAL|PANIC|ERROR): +/, '') ?? 'it ended without a word';
  }

  /** Ends it, and waits until it is gone. Idempotent. */
  async stop(): Promise<void> {
    this.#guard?.[Symbol.dispose]();
    this.#child.ref();
    for (const [signal, patienceMs] of [
      ['SIGINT', FAST_MS],
      ['SIGQUIT', IMMEDIATE_MS],
      ['SIGKILL', IMMEDIATE_MS],
    ] as const) {
      if (!this.alive) return;
      this.#child.kill(signal);
      const patience = AbortSignal.timeout(patienceMs);
      await Promise.race([this.#exited, once(patience, 'abort')]);
    }
  }

  /** Lets it run on when we are gone. */
  leave(): void {
    this.#guard?.[Symbol.dispose]();
  }
}
