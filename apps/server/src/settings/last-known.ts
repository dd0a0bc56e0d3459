import { open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Overrides } from './overrides.ts';

const fileSchema = z.object({
  revision: z.int().min(1),
  at: z.iso.datetime(),
  who: z.string(),
  why: z.string(),
  overrides: z.record(z.string(), z.unknown()),
});

/** The revision that was last in effect here. */
export interface LastKnownRevision {
  readonly revision: number;
  readonly at: Date;
  readonly who: string;
  readonly why: string;
  readonly overrides: Overrides;
}

/** The settings last known, in a file of the data folder: for a start while the database is away. */
export class LastKnown {
  readonly #path: string;

  constructor(dataDir: string) {
    this.#path = join(dataDir, 'settings.json');
  }

  /**
   * Undefined when there is none.
   * @throws Error when there is one that cannot be used.
   */
  async read(): Promise<LastKnownRevision | undefined> {
    let text: string;
    try {
      text = await readFile(this.#path, 'utf8');
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
      throw error;
    }
    const { at, ...rest } = fileSchema.parse(JSON.parse(text));
    return { ...rest, at: new Date(at) };
  }

  /**
   * The file is there as it was or as it should be, whatever happens: it is written beside its place, flushed, and renamed.
   * @throws the `fs` error.
   */
  async write(known: LastKnownRevision): Promise<void> {
    const unfinished = `${this.#path}.part`;
    try {
      await using file = await open(unfinished, 'w', 0o600);
      await file.writeFile(`${JSON.stringify(known)}\n`);
      await file.datasync();
    } catch (error) {
      await rm(unfinished, { force: true });
      throw error;
    }
    await rename(unfinished, this.#path);
  }

  /** Forgets it: the settings are as configured. */
  async remove(): Promise<void> {
    await rm(this.#path, { force: true });
  }
}
