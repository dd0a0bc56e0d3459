/** Whose a spool's file is: what its name says, and whether that process still runs. */
import { createHash, randomUUID } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** A process, such that no other one is ever taken for it. */
interface Owner {
  /** Where process ids mean something: one boot of one machine, and one pid namespace of it. */
  readonly place: string;
  readonly pid: number;
  /** When it was started, in the kernel's ticks: a pid is given again, a pid with its start time is not. */
  readonly startedAt: string;
}

export type Fate = 'alive' | 'dead' | 'unknown';

const NAME = /^ferry-([0-9a-f]{12})-(\d{1,10})-(\d{1,20})-[0-9a-f-]{36}\.spool$/;

let self: Owner | undefined;

/** A new name for a spool's file. */
export function spoolName(): string {
  self ??= { place: placeOf(), pid: process.pid, startedAt: startOf(process.pid) ?? '0' };
  return `ferry-${self.place}-${self.pid}-${self.startedAt}-${randomUUID()}.spool`;
}

/** What became of the process that made a file; undefined for a name that is no spool's. Of other machines nothing is known. */
export function fateOfOwner(name: string): Fate | undefined {
  const [, place, pid = '', startedAt] = NAME.exec(name) ?? [];
  if (place === undefined) return undefined;
  if (place !== placeOf()) return 'unknown';
  if (!exists(Number(pid))) return 'dead';
  // Without /proc only the pid is known, and one that is taken may be somebody else's.
  return startOf(Number(pid)) === startedAt || startedAt === '0' ? 'alive' : 'dead';
}

function placeOf(): string {
  const parts = [
    hostname(),
    attempt(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8')),
    attempt(() => readlinkSync('/proc/self/ns/pid')),
  ];
  return createHash('sha256').update(parts.join('\n')).digest('hex').slice(0, 12);
}

/** Field 22 of /proc/PID/stat (proc(5)); the second one, the command, may hold spaces and brackets. */
function startOf(pid: number): string | undefined {
  const stat = attempt(() => readFileSync(`/proc/${pid}/stat`, 'utf8'));
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
}

function exists(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // Another user's process is there all the same.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
