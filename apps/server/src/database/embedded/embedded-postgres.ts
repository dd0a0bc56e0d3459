import { randomUUID } from 'node:crypto';
import { rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Logger, sleep } from '@ferry/core';
import type { ClientConfig } from 'pg';
import type { DatabaseSource } from '../source.ts';
import { serverAccount } from './account.ts';
import { type Answer, ask, otherInstances } from './ask.ts';
import { findBinaries, reachable } from './binaries.ts';
import { type Cluster, initCluster, SUPERUSER } from './init-cluster.ts';
import { endOrphan } from './orphan.ts';
import { type Places, PORT, preparePlaces, SHARED_HOME } from './places.ts';
import { Postmaster } from './postmaster.ts';
import { processesIn } from './processes.ts';

/** What the packages of npm hold. A cluster of another major version is not touched. */
const MAJOR = 18;

/** Recovery after a crash reads what was written since the last checkpoint. Milliseconds. */
const READY_MS = 60_000;
/** A server opens its socket before anything else. Milliseconds. */
const SILENT_MS = 5_000;
const LOOK_AGAIN_MS = 20;

interface Prepared extends Places {
  readonly config: ClientConfig;
}

export interface EmbeddedPostgresOptions {
  readonly dataDir: string;
  readonly logger: Logger;
  /** `false` waits for no disk: what is told survives its death, not the machine's. For tests. */
  readonly sync?: boolean;
}

/**
 * A PostgreSQL of our own in the data folder, reached by a Unix socket only. It is our child and ends with us; one that a
 * crash left is taken over if it answers, and replaced if it does not. Several instances on one folder share one server.
 */
export class EmbeddedPostgres implements DatabaseSource {
  readonly name = 'The embedded PostgreSQL';
  readonly #options: EmbeddedPostgresOptions;
  readonly #id = `ferry ${randomUUID()}`;
  #prepared: Prepared | undefined;
  #own: Postmaster | undefined;
  #used = false;

  constructor(options: EmbeddedPostgresOptions) {
    this.#options = options;
  }

  async ensure(signal: AbortSignal): Promise<ClientConfig> {
    const [own, running] = [this.#own, this.#prepared];
    if (own?.alive !== true || running === undefined) return await this.#start(signal);
    if ((await waitUntilReady(running.config, own, signal)) === 'ready') return running.config;
    // It runs but does not answer, not even that it recovers.
    await own.stop();
    return await this.#start(signal);
  }

  /** A server that other instances use goes on; the last of them ends it. */
  async stop(): Promise<void> {
    const own = this.#own;
    if (this.#prepared === undefined) return;
    const { home, sockets, config } = this.#prepared;
    if (this.#used && (await otherInstances(config))) return own?.leave();
    if (own?.alive === true) await own.stop();
    else if (this.#used) await endOrphan(join(home, 'data'));
    // It may stand in the system's temporary folder. One that is in use is not empty, and stays.
    await rmdir(sockets).catch(() => undefined);
  }

  /** At every start: what lies outside of the data folder and the package may have been removed meanwhile. */
  async #prepare(): Promise<Prepared> {
    const places = await preparePlaces(this.#options.dataDir, await serverAccount());
    const config: ClientConfig = {
      host: places.sockets,
      port: PORT,
      user: SUPERUSER,
      database: 'postgres',
      ssl: false,
      application_name: this.#id,
    };
    this.#prepared = { ...places, config };
    return this.#prepared;
  }

  async #start(signal: AbortSignal): Promise<ClientConfig> {
    const { account, home, sockets, config } = await this.#prepare();
    const used = (): ClientConfig => {
      this.#used = true;
      return config;
    };
    signal.throwIfAborted();
    const binaries = await reachable(await findBinaries(), account, SHARED_HOME);
    const cluster: Cluster = { binaries, account, home, sync: this.#options.sync ?? true };
    const data = join(home, 'data');
    await initCluster(cluster, MAJOR);
    let own: Postmaster | undefined;
    // Twice: another instance may start one at the same moment, and the lock file lets only one of them live.
    for (let tries = 0; tries < 2; tries++) {
      signal.throwIfAborted();
      if ((await settled(config, data, signal)) === 'ready') {
        this.#options.logger.info({ part: 'database' }, 'Took over the PostgreSQL that was running');
        return used();
      }
      await endOrphan(data);
      signal.throwIfAborted();
      await own?.stop();
      own = Postmaster.spawn(cluster, sockets);
      this.#own = own;
      if ((await waitUntilReady(config, own, signal)) === 'ready') return used();
    }
    const words = own?.alive === true ? 'it does not answer' : await own?.lastWords();
    await own?.stop();
    throw new Error(`PostgreSQL cannot be started: ${words}`);
  }
}

async function waitUntilReady(config: ClientConfig, own: Postmaster, signal: AbortSignal): Promise<Answer> {
  const until = performance.now() + READY_MS;
  let answer = await ask(config);
  while (answer !== 'ready' && own.alive && performance.now() < until) {
    await Promise.race([sleep(LOOK_AGAIN_MS, signal), own.exited]);
    answer = await ask(config);
  }
  return answer;
}

/**
 * Whether one runs already. One that recovers or stops is waited for, and so is one that is there but silent: another instance
 * may have begun to start it.
 */
async function settled(config: ClientConfig, data: string, signal: AbortSignal): Promise<Answer> {
  const startedAt = performance.now();
  for (;;) {
    const answer = await ask(config, data);
    const waitedMs = performance.now() - startedAt;
    const wait =
      answer === 'busy'
        ? waitedMs < READY_MS
        : answer === 'silent' && waitedMs < SILENT_MS && ((await processesIn(data)) ?? []).length > 0;
    if (!wait) return answer;
    await sleep(LOOK_AGAIN_MS, signal);
  }
}
