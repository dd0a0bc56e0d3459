import { readdir, readFile, readlink } from 'node:fs/promises';

/**
 * The processes that work in `folder`, as PostgreSQL's all do. Undefined where the system cannot be asked (no `/proc`, or
 * one that hides other users). A zombie does not work in any folder, which is why kill(pid, 0) is not asked: it believes in them.
 */
export async function processesIn(folder: string): Promise<number[] | undefined> {
  return await processesWhose('cwd', (cwd) => cwd === folder || cwd === `${folder} (deleted)`);
}

/** Whether any process runs a program that lies below `folder`. Undefined where the system cannot be asked. */
export async function runsFrom(folder: string): Promise<boolean | undefined> {
  const found = await processesWhose('exe', (program) => program.startsWith(`${folder}/`));
  return found && found.length > 0;
}

async function processesWhose(
  link: 'cwd' | 'exe',
  fits: (path: string) => boolean,
): Promise<number[] | undefined> {
  const names = await readdir('/proc').catch(() => undefined);
  if (names === undefined) return undefined;
  const found: number[] = [];
  for (const name of names) {
    if (!/^\d+$/.test(name)) continue;
    const path = await readlink(`/proc/${name}/${link}`).catch(() => undefined);
    if (path !== undefined && fits(path)) found.push(Number(name));
  }
  return found;
}

/** The process that the server wrote into its lock file; undefined when there is none. */
export async function recordedPostmaster(data: string): Promise<number | undefined> {
  const content = await readFile(`${data}/postmaster.pid`, 'utf8').catch(() => undefined);
  const pid = Number(content?.split('\n', 1)[0]);
  return content !== undefined && Number.isInteger(pid) && pid > 1 ? pid : undefined;
}
