/** What must not be left behind, however this process ends: killed children, removed folders. */
const ends = new Set<() => void>();

/**
 * Calls `end` when this process exits, unless the returned function was called first. `end` must not wait for anything.
 * Signals end a process without this: a command that wants it exits by itself on SIGINT and SIGTERM.
 */
export function atExit(end: () => void): () => void {
  if (ends.size === 0) process.once('exit', endAll);
  ends.add(end);
  return () => {
    ends.delete(end);
    if (ends.size === 0) process.off('exit', endAll);
  };
}

function endAll(): void {
  for (const end of ends) end();
}
