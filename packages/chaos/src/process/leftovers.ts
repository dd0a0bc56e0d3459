import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** What a process holds, seen from outside by Linux's `/proc`. */
export interface Leftovers {
  /** TCP connections from or to these ports, listening ones aside. */
  readonly sockets: number;
  /** Open spools (they have no name any more) and files in the temporary folders. */
  readonly files: readonly string[];
}

const LISTEN = '0A';
const ESTABLISHED = '01';

/** @param ports of the gateway itself and of the upstream: nothing else of its connections belongs to a request. */
export function leftoversOf(pid: number, ports: readonly number[], folders: readonly string[]): Leftovers {
  const links = descriptors(pid);
  const connections = new Set(tcpSockets(new Set(ports)).map(({ inode }) => inode));
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

/**
 * Connections with a port of this machine that both sides hold open. An end that does not read never hears that the other has gone
 * (its window is shut, and the FIN waits behind what was sent before it): what it alone believes does not count.
 */
export function establishedWith(port: number): number {
  const open = tcpSockets(new Set([port])).filter(({ state }) => state === ESTABLISHED);
  const ends = new Set(open.map(({ local, remote }) => `${local} ${remote}`));
  return open.filter(({ local, remote }) => portOf(local) === port && ends.has(`${remote} ${local}`)).length;
}

interface TcpSocket {
  /** Address and port, as the kernel writes them. */
  readonly local: string;
  readonly remote: string;
  readonly inode: string;
  readonly state: string;
}

/** The TCP sockets of this machine with one of these ports at either end, listening ones aside. */
function tcpSockets(ports: ReadonlySet<number>): TcpSocket[] {
  return ['tcp', 'tcp6'].flatMap((file) => {
    const [, ...lines] = readFileSync(`/proc/net/${file}`, 'utf8').trim().split('\n');
    return lines.flatMap((line) => {
      const [, local = '', remote = '', state = '', , , , , , inode = ''] = line.trim().split(/\s+/);
      const ours = state !== LISTEN && [local, remote].some((end) => ports.has(portOf(end)));
      return ours ? [{ local, remote, inode, state }] : [];
    });
  });
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
