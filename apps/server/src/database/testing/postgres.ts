/** PostgreSQL for tests: the embedded one in a folder of its own, with as many databases as asked for. */
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '@ferry/core';
import { Client, type ClientConfig } from 'pg';
import { EmbeddedPostgres } from '../embedded/embedded-postgres.ts';
import { endOrphan } from '../embedded/orphan.ts';

/** A folder that the server's user may walk through. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'ferry-db-'));
  await chmod(folder, 0o711);
  return folder;
}

export class TestPostgres implements AsyncDisposable {
  readonly #server: EmbeddedPostgres;
  readonly #folder: string;
  readonly #config: ClientConfig;
  #databases = 0;

  private constructor(server: EmbeddedPostgres, folder: string, config: ClientConfig) {
    this.#server = server;
    this.#folder = folder;
    this.#config = config;
  }

  static async start(): Promise<TestPostgres> {
    const folder = await temporaryFolder();
    const server = new EmbeddedPostgres({ dataDir: folder, logger: silentLogger, sync: false });
    const config = await server.ensure(AbortSignal.timeout(30_000));
    return new TestPostgres(server, folder, config);
  }

  /** The address of a new, empty database. */
  async database(): Promise<string> {
    const name = `test_${++this.#databases}`;
    await this.query(`create database ${name}`);
    return `postgres://${this.#config.user}@localhost/${name}?host=${encodeURIComponent(String(this.#config.host))}`;
  }

  /** As its superuser; in one of the databases handed out, or outside of them. */
  async query(text: string, database?: URL): Promise<readonly Record<string, unknown>[]> {
    const client = new Client({
      ...this.#config,
      ...(database !== undefined && { database: database.pathname.slice(1) }),
    });
    await client.connect();
    try {
      return (await client.query(text)).rows;
    } finally {
      await client.end();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.stop();
    // Also when a test has left somebody connected.
    await endOrphan(join(this.#folder, 'postgres', 'data'));
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
  }
}
