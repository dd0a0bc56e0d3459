import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';

/** Where the system takes the ports of outgoing connections from, when it does not say. */
const EPHEMERAL_FROM = 32_768;
const LOWEST = 12_000;

/**
 * A free TCP port of 127.0.0.1 for a server that cannot be told to choose one, and that keeps it over restarts.
 * It lies below the range of outgoing connections: while the server is down, one of those could otherwise be given its
 * port, or a client that knocks there could even be connected to itself (a simultaneous open, RFC 9293 section 3.5).
 */
export async function freePort(): Promise<number> {
  const below = ephemeralFrom();
  for (let tries = 0; tries < 100; tries += 1) {
    const port = LOWEST + Math.floor(Math.random() * (below - LOWEST));
    if (await isFree(port)) return port;
  }
  throw new Error('no free port on 127.0.0.1');
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch {
    return false;
  }
  server.close();
  await once(server, 'close');
  return true;
}

function ephemeralFrom(): number {
  try {
    const [from] = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').split(/\s+/);
    return Math.max(LOWEST + 1_000, Number(from));
  } catch {
    return EPHEMERAL_FROM;
  }
}
