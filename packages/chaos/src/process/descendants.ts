import { readdirSync, readFileSync } from 'node:fs';

/** A process, told from another that gets its number later by when it began. */
interface ProcessId {
  readonly pid: number;
  readonly name: string;
  readonly parent: number;
  readonly state: string;
  /** In ticks since the machine started. */
  readonly startedAt: number;
}

/** All that a process has started and what these have started, seen by Linux's `/proc`. */
export function descendantsOf(pid: number): ProcessId[] {
  const all = processes();
  const found: ProcessId[] = [];
  for (let parents = new Set([pid]); parents.size > 0; ) {
    const children = all.filter(({ parent }) => parents.has(parent));
    found.push(...children);
    parents = new Set(children.map((child) => child.pid));
  }
  return found;
}

/** Those of them that are there still, as sentences. One that nobody has collected (a zombie) is not. */
export function stillThere(before: readonly ProcessId[]): string[] {
  const now = new Map(processes().map((one) => [one.pid, one]));
  return before
    .filter(({ pid, startedAt }) => {
      const one = now.get(pid);
      return one?.startedAt === startedAt && one.state !== 'Z';
    })
    .map(({ pid, name }) => `process ${pid} (${name}) is left`);
}

function processes(): ProcessId[] {
  return readdirSync('/proc').flatMap((entry) => {
    if (!/^\d+$/.test(entry)) return [];
    try {
      return [read(readFileSync(`/proc/${entry}/stat`, 'utf8'))];
    } catch {
      // It ended since it was listed.
      return [];
    }
  });
}

/** `7 (a name) S 1 ...`: the name may hold anything, so that what follows is counted from its end (proc_pid_stat(5)). */
function read(stat: string): ProcessId {
  const end = stat.lastIndexOf(')');
  const [state = '', parent, ...rest] = stat.slice(end + 2).split(' ');
  const name = stat.slice(stat.indexOf('(') + 1, end);
  // The 22nd field is the 18th of what is left.
  return { pid: Number.parseInt(stat, 10), name, parent: Number(parent), state, startedAt: Number(rest[17]) };
}
