import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, release, totalmem, type } from 'node:os';
import type { Machine } from './results.ts';

/** Libraries whose versions change what is measured. */
const LIBRARIES = ['undici', 'got', 'axios', 'autocannon'] as const;

/** What this machine is, without its name. `load` has the load at the start; the run adds that of its end. */
export function describeMachine(): Machine {
  return {
    startedAt: new Date().toISOString(),
    commit: commit(),
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryGigabytes: Math.round(totalmem() / 1024 ** 3),
    platform: `${type()} ${release()}`,
    load: [loadOfNow()],
    versions: {
      node: process.versions.node,
      nghttp2: process.versions.nghttp2 ?? 'unknown',
      openssl: process.versions.openssl ?? 'unknown',
      ...Object.fromEntries(LIBRARIES.map((name) => [name, versionOf(name)])),
      h2load: h2loadVersion() ?? 'not installed',
    },
  };
}

/** Processes that ran or waited over the last minute, on average. */
export function loadOfNow(): number {
  return Number((loadavg()[0] ?? 0).toFixed(2));
}

/** The version of nghttp2's load generator; undefined where it is not installed. */
export function h2loadVersion(): string | undefined {
  return said('h2load', ['--version'])?.split('/').at(-1);
}

function commit(): string {
  const sha = said('git', ['rev-parse', '--short=12', 'HEAD']);
  if (sha === undefined) return 'unknown';
  const changed = said('git', ['status', '--porcelain', '--untracked-files=no', '--', ':!docs']);
  return changed ? `${sha} with changes` : sha;
}

function said(command: string, args: readonly string[]): string | undefined {
  try {
    const cwd = new URL('.', import.meta.url);
    return execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return undefined;
  }
}

/** From the package's own description, which not every package exports. */
function versionOf(library: string): string {
  const folder = new URL(`../../node_modules/${library}/package.json`, import.meta.url);
  try {
    return (JSON.parse(readFileSync(folder, 'utf8')) as { version: string }).version;
  } catch {
    return 'unknown';
  }
}
