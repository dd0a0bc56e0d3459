import { readdir, readFile, readlink } from 'node:fs/promises';

/**
 * The processes that work in `folder`, as PostgreSQL's all do. Undefined where the system cannot be asked (no `/proc`, or
 * one that hides other users). A zombie does not work in any folder, which is why kill(pid, 0) is not asked: it believes in them.
 */
export async function processesIn(folder: string): Promise<number[] | undefined> {
  const names = await readdir('/proc').catch(() => undefined);
  if (names === undefined) return undefined;
  const found: number[] = [];
  for (const name of names) {
    if (!/^\d+$/.test(name)) continue;
    const cwd = await readlink(`/proc/${name}/cwd`).catch(() => undefined);
    if (cwd === folder || cwd === `${folder} (deleted)`) found.push(Number(name));
  }
  return found;
}

/** The process that the server wrote into its lock file; undefined when there is none. */
export async function recordedPostmaster(data: string): Promise<number | undefined> {
  const content = await readFile(`${data}/postmaster.pid`, 'utf8').catch(() => undefined);
  const pid = Number(content?.split('\n', 1)[0]);
  return content !== undefined && Number.isInteger(pid) && pid > 1 ? pid : undefined;
}
