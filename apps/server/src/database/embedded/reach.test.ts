import { chmod, mkdir, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { canReach } from './reach.ts';

test('a user can reach a folder when every folder on the way lets them through, by owner, group or everybody', async () => {
  const top = await mkdtemp(join(tmpdir(), 'ferry-reach-'));
  try {
    const folder = join(top, 'a', 'b');
    await mkdir(folder, { recursive: true });
    const { uid, gid } = await stat(folder);
    const [owner, member, stranger] = [
      { uid, gid: gid + 1 },
      { uid: uid + 1, gid },
      { uid: uid + 1, gid: gid + 1 },
    ];
    const reach = () => Promise.all([owner, member, stranger].map((one) => canReach(folder, one)));
    await chmod(top, 0o711);
    expect(await reach()).toEqual([true, true, true]);
    await chmod(join(top, 'a'), 0o750);
    expect(await reach()).toEqual([true, true, false]);
    await chmod(join(top, 'a'), 0o700);
    expect(await reach()).toEqual([true, false, false]);
    await chmod(top, 0o611);
    expect(await reach()).toEqual([false, false, false]);
  } finally {
    await rm(top, { recursive: true });
  }
});
