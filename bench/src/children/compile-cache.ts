import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removeAtExit } from './at-exit.ts';

let directory: string | undefined;

/**
 * The environment by which processes share what V8 has compiled: a start takes a quarter less time, and there are hundreds. What is
 * measured begins after a warm-up, in which code is compiled anyway.
 */
export function sharedCompileCache(): { readonly NODE_COMPILE_CACHE: string } {
  if (directory === undefined) {
    const made = mkdtempSync(join(tmpdir(), 'ferry-bench-code-'));
    removeAtExit(made);
    directory = made;
  }
  return { NODE_COMPILE_CACHE: directory };
}
