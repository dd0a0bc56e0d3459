import { rm } from 'node:fs/promises';
import { join } from 'node:path';

export interface DiskStoreOptions {
  readonly dir: string;
  /** Bytes of all files together; the least recently used go first. */
  readonly maxBytes: number;
  /** Milliseconds after which a file is gone, unless `put` says otherwise. */
  readonly maxAgeMs: number;
  /** Milliseconds since the Unix epoch. */
  readonly now: () => number;
}

export interface StoredFile<Meta> {
  readonly path: string;
  readonly bytes: number;
  /** Milliseconds since the Unix epoch. */
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly meta: Meta;
}

/** Files on disk with a bound on their total size and age. The index lives in memory: nothing outlives the process. */
export class DiskStore<Meta> {
  readonly #options: DiskStoreOptions;
  /** In order of last use, the oldest first: a Map keeps insertion order. */
  readonly #files = new Map<string, StoredFile<Meta>>();
  #bytes = 0;

  constructor(options: DiskStoreOptions) {
    this.#options = options;
  }

  /** Where the file of this id belongs; write it there, then `put` it. */
  pathOf(id: string): string {
    return join(this.#options.dir, id);
  }

  /** Takes in a file that already lies at `pathOf(id)`, and makes room for it. */
  async put(
    id: string,
    bytes: number,
    meta: Meta,
    maxAgeMs: number = this.#options.maxAgeMs,
  ): Promise<StoredFile<Meta>> {
    const createdAt = this.#options.now();
    const file = { path: this.pathOf(id), bytes, createdAt, expiresAt: createdAt + maxAgeMs, meta };
    this.#files.set(id, file);
    this.#bytes += bytes;
    await this.#evict(id);
    return file;
  }

  /** The file, unless it is unknown or has expired. */
  get(id: string): StoredFile<Meta> | undefined {
    const file = this.#files.get(id);
    if (!file || file.expiresAt <= this.#options.now()) return undefined;
    this.#files.delete(id);
    this.#files.set(id, file);
    return file;
  }

  /** True when there was such a file. */
  async delete(id: string): Promise<boolean> {
    const file = this.#files.get(id);
    if (!file) return false;
    this.#files.delete(id);
    this.#bytes -= file.bytes;
    await rm(file.path, { force: true });
    return true;
  }

  /** Removes what lies at `pathOf(id)` and was not `put`. */
  async discard(id: string): Promise<void> {
    if (!(await this.delete(id))) await rm(this.pathOf(id), { force: true });
  }

  async #evict(keep: string): Promise<void> {
    const now = this.#options.now();
    for (const [id, file] of [...this.#files]) {
      if (id === keep) continue;
      if (file.expiresAt <= now || this.#bytes > this.#options.maxBytes) await this.delete(id);
    }
  }
}
