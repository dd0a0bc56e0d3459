import { constants } from 'node:fs';
import { access, mkdir, readFile, statfs } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Config } from '../config/schema.ts';
import type { Finding } from './finding.ts';

/** Below this there is no room for the spools and results of a busy hour. Bytes. */
const LITTLE_ROOM = 1_000_000_000;
/** Sockets and files at once; each request holds a few. */
const FEW_DESCRIPTORS = 4_096;

/** What the gateway needs of the machine it runs on. Never throws. */
export async function examineMachine({ server, database }: Config, hasUrl: boolean): Promise<Finding[]> {
  return [
    { what: 'Node', verdict: 'ok', seen: process.version },
    await dataFolder(resolve(server.data_dir)),
    await descriptors(),
    {
      what: 'database',
      verdict: hasUrl || database.embedded ? 'ok' : 'note',
      seen: hasUrl
        ? 'somebody else’s PostgreSQL, by its address'
        : database.embedded
          ? 'our own, started with the gateway'
          : 'none: settings cannot be changed while Ferry runs, and no history is kept',
    },
  ];
}

async function dataFolder(path: string): Promise<Finding> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
    await access(path, constants.W_OK);
    const { bavail, bsize } = await statfs(path);
    const free = bavail * bsize;
    return {
      what: 'data_dir',
      verdict: free < LITTLE_ROOM ? 'problem' : 'ok',
      seen: `${path}, ${(free / 1e9).toFixed(1)} GB free`,
    };
  } catch (error) {
    return {
      what: 'data_dir',
      verdict: 'problem',
      seen: `${path} cannot be written (${(error as NodeJS.ErrnoException).code})`,
    };
  }
}

/** Linux says it in /proc; elsewhere nothing is said. */
async function descriptors(): Promise<Finding> {
  const limits = await readFile('/proc/self/limits', 'utf8').catch(() => '');
  const most = Number(/^Max open files +(\d+)/m.exec(limits)?.[1] ?? Number.NaN);
  if (Number.isNaN(most)) return { what: 'open files', verdict: 'ok', seen: 'the limit is not known here' };
  return { what: 'open files', verdict: most < FEW_DESCRIPTORS ? 'note' : 'ok', seen: `at most ${most}` };
}
