import { chmod, realpath, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Account } from './account.ts';

/** Whether `account` can walk down to `folder`: execute permission on it and on every folder above (path_resolution(7)). */
export async function canReach(folder: string, account: Account): Promise<boolean> {
  for (let path = folder; ; path = dirname(path)) {
    const { mode, uid, gid } = await stat(path);
    const shift = uid === account.uid ? 6 : gid === account.gid ? 3 : 0;
    if (((mode >> shift) & 0o1) === 0) return false;
    if (path === dirname(path)) return true;
  }
}

/** Lets `account` walk through a folder of ours, and gives it nothing more (0711). What is above it is not touched. */
export async function letThrough(folder: string, account: Account): Promise<void> {
  if (await canReach(folder, account)) return;
  const { mode } = await stat(folder);
  await chmod(folder, (mode & 0o777) | 0o011);
}

/**
 * Whether nobody but root and us can put something else in the place of what we make in `folder`: sshd asks the same of the
 * way to its files (StrictModes, sshd_config(5)). In a sticky folder, such as /tmp, others leave alone what is ours (unlink(2)).
 */
export async function onlyOurs(folder: string): Promise<boolean> {
  const me = process.geteuid?.();
  for (let path = await realpath(folder); ; path = dirname(path)) {
    const { mode, uid } = await stat(path);
    if (uid !== 0 && uid !== me) return false;
    if ((mode & 0o022) !== 0 && (mode & 0o1000) === 0) return false;
    if (path === dirname(path)) return true;
  }
}
