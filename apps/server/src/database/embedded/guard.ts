import { spawn } from 'node:child_process';
import type { Account } from './account.ts';

/** Waits for the end of its standard input, then asks PostgreSQL for a fast shutdown (SIGINT). */
const SCRIPT = 'read -r _; kill -INT "$1"';

/**
 * Ends a server when this process dies, whatever kills it: a pipe closes even then. Dispose of it before the server may
 * outlive us, and as soon as the server is gone (its number could be somebody else's soon).
 */
export function guard(pid: number, account: Account | undefined): Disposable {
  const child = spawn('/bin/sh', ['-c', SCRIPT, 'ferry-postgres-guard', String(pid)], {
    stdio: ['pipe', 'ignore', 'ignore'],
    // A group of its own: Ctrl+C in a terminal is for us alone.
    detached: true,
    cwd: '/',
    env: {},
    ...(account !== undefined && { uid: account.uid, gid: account.gid }),
  });
  // Without a guard the next start adopts or replaces what is left.
  child.on('error', () => undefined);
  child.stdin.on('error', () => undefined);
  child.unref();
  return { [Symbol.dispose]: () => void child.kill('SIGKILL') };
}
