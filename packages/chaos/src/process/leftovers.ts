import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** What a process holds, seen from outside by Linux's `/proc`. */
export interface Leftovers {
  /** TCP connections from or to these ports, listening ones aside. */
  readonly sockets: number;
  /** Open spools (they have no name any more) and files in the temporary folders. */
  readonly files: readonly string[];
}

const LISTEN = '0A';

/** @param ports of the gateway itself and of the upstream: nothing else of its connections belongs to a request. */
export function leftoversOf(pid: number, ports: readonly number[], folders: readonly string[]): Leftovers {
  const links = descriptors(pid);
  const connections = tcpSockets(pid, new Set(ports));
  const sockets = links.filter((link) => connections.has(/^socket:\[(\d+)\]$/.exec(link)?.[1] ?? '')).length;
  const spools = links.filter((link) => link.includes('.spool'));
  return { sockets, files: [...spools, ...folders.flatMap(filesIn)] };
}

function descriptors(pid: number): string[] {
  return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/${pid}/fd/${fd}`)];
    } catch {
      // Closed since it was listed.
      return [];
    }
  });
}

/** Inodes of the TCP sockets with one of these ports at either end. */
function tcpSockets(pid: number, ports: ReadonlySet<number>): Set<string> {
  const inodes = new Set<string>();
  for (const file of ['tcp', 'tcp6']) {
    const [, ...lines] = readFileSync(`/proc/${pid}/net/${file}`, 'utf8').trim().split('\n');
    for (const line of lines) {
      const [, local = '', remote = '', state, , , , , , inode = ''] = line.trim().split(/\s+/);
      if (state !== LISTEN && [local, remote].some((end) => ports.has(portOf(end)))) inodes.add(inode);
    }
  }
  return inodes;
}

/** `0100007F:1F90`, as `/proc/net/tcp` writes an address. */
function portOf(end: string): number {
  return Number.parseInt(end.slice(end.indexOf(':') + 1), 16);
}

function filesIn(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ name }) => name);
  } catch {
    return [];
  }
}
