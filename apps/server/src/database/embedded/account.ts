import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** A user of this machine, by number. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/** Preferred first: `postgres` owns nothing else, `nobody` is everywhere. */
const NAMES = ['postgres', 'nobody'] as const;

const run = promisify(execFile);

/**
 * Whom PostgreSQL runs as: it refuses to be root. Undefined when we are not root, and it runs as we do.
 * @throws Error when root finds nobody to be.
 */
export async function serverAccount(): Promise<Account | undefined> {
  if (process.geteuid?.() !== 0) return undefined;
  for (const name of NAMES) {
    const [uid, gid] = await Promise.all([idOf('-u', name), idOf('-g', name)]);
    if (uid !== undefined && gid !== undefined && uid !== 0) return { uid, gid };
  }
  throw new Error(`PostgreSQL does not run as root, and there is no user ${NAMES.join(' or ')}`);
}

/** id(1) asks whatever the machine keeps its users in. */
async function idOf(what: '-u' | '-g', name: string): Promise<number | undefined> {
  const answer = await run('id', [what, name], { env: { PATH: process.env.PATH } }).catch(() => undefined);
  const id = Number(answer?.stdout.trim());
  return answer !== undefined && Number.isInteger(id) ? id : undefined;
}
