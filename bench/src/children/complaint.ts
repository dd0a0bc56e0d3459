import type { ChildProcess } from 'node:child_process';

const KEPT_CHARACTERS = 8_000;

/** Passes a process's standard error on, and keeps its end for whoever has to say why it failed. */
export function keepComplaint(child: ChildProcess): () => string {
  let kept = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    process.stderr.write(text);
    kept = (kept + text).slice(-KEPT_CHARACTERS);
  });
  return () => complaintOf(kept);
}

/** The line with which Node says why it ends, of all that it says then; else the last line. */
function complaintOf(text: string): string {
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  return lines.findLast((line) => /^(\w*Error\b|FATAL ERROR)/.test(line)) ?? lines.at(-1) ?? '';
}
