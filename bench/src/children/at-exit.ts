import { rmSync } from 'node:fs';
import { messageOf } from '../message.ts';

/** What must not be left behind, however this process ends. Processes go first: they might write into their folders. */
const KINDS = ['process', 'folder'] as const;
type Kind = (typeof KINDS)[number];

interface End {
  readonly kind: Kind;
  readonly end: () => void;
}

const ends = new Set<End>();

/**
 * Calls `end` when this process exits, unless the returned function was called first. `end` must not wait for anything.
 * Signals end a process without this: see `exitOnSignals`.
 */
export function atExit(kind: Kind, end: () => void): () => void {
  if (ends.size === 0) process.once('exit', endAll);
  const entry = { kind, end };
  ends.add(entry);
  return () => {
    ends.delete(entry);
    if (ends.size === 0) process.off('exit', endAll);
  };
}

/** Removes a folder when this process exits, unless the returned function was called first. */
export function removeAtExit(directory: string): () => void {
  // Whoever was just killed may be in the middle of a write.
  return atExit('folder', () =>
    rmSync(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 20 }),
  );
}

/** Has this process exit on SIGINT and SIGTERM, by which what was registered here is ended. */
export function exitOnSignals(): void {
  process.once('SIGINT', () => process.exit(130)).once('SIGTERM', () => process.exit(143));
}

/** All of them, whatever becomes of one. */
function endAll(): void {
  for (const kind of KINDS) {
    for (const each of ends) {
      if (each.kind !== kind) continue;
      try {
        each.end();
      } catch (error) {
        process.stderr.write(`left behind: ${messageOf(error)}\n`);
      }
    }
  }
}
