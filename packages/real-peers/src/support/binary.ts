/** Finds the servers. They come from Debian's packages; nothing is downloaded. */
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Servers live in `sbin`, which is not on every user's PATH. */
const FOLDERS = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin'];

export interface Binary {
  readonly name: string;
  /** Empty when it is not installed. */
  readonly path: string;
  readonly found: boolean;
}

/**
 * Looks for a server. Without it its tests are left out, which is said; CI installs it and lets nothing be left out.
 * @throws Error in CI when it is not there.
 */
export function findBinary(name: string): Binary {
  const path = FOLDERS.filter((folder) => folder !== '')
    .map((folder) => join(folder, name))
    .find((candidate) => existsSync(candidate));
  if (path !== undefined) return { name, path, found: true };
  if (process.env.CI === 'true') throw new Error(`no ${name} here: run scripts/install-debian.sh`);
  process.stderr.write(`The tests against ${name} are left out: it is not installed.\n`);
  return { name, path: '', found: false };
}
