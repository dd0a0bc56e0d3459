import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';

const MINUTE = 60_000;

const made: string[] = [];
afterEach(() => {
  for (const directory of made.splice(0)) rmSync(directory, { recursive: true, force: true });
});

/** A folder of its own for what the bench leaves in `tmp`, by which its processes are known too. */
function ownFolder(): string {
  const directory = mkdtempSync(join(tmpdir(), 'ferry-bench-interrupted-'));
  made.push(directory);
  return directory;
}

/** Processes that were started with this folder in their environment, as /proc tells. */
function processesOf(directory: string): string[] {
  return (
    readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .filter((pid) => read(`/proc/${pid}/environ`).includes(directory))
      .map((pid) => read(`/proc/${pid}/cmdline`).replaceAll('\0', ' '))
      // Of a process that has ended and that nobody has asked for, nothing but its number is left.
      .filter((command) => command !== '')
  );
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function bench(args: readonly string[], directory: string, path = process.env.PATH) {
  const cli = fileURLToPath(new URL('../cli.ts', import.meta.url));
  return spawn(process.execPath, ['--conditions=@ferry/source', cli, ...args], {
    env: { ...process.env, PATH: path, TMPDIR: directory },
    stdio: 'ignore',
  });
}

async function interrupted(running: ReturnType<typeof bench>, directory: string): Promise<void> {
  const ended = once(running, 'exit');
  running.kill('SIGTERM');
  expect(await ended).toEqual([143, null]);
  await expect.poll(() => processesOf(directory)).toEqual([]);
  expect(readdirSync(directory)).toEqual([]);
}

test.each([
  ['a load through the gateway', ['gateway', '--smoke', '--out', '/dev/null'], 'load-process'],
  ['the transports beside one another', ['ab', '--cells', '100kB:1', '--variants', 'got'], 'client-process'],
  ['a profile', ['profile', '--variant', 'got'], 'client-process'],
] as const)(
  '%s that is interrupted leaves no process and no folder',
  async (_, args, inTheMiddle) => {
    const directory = ownFolder();
    const running = bench(args, directory);
    const there = (): boolean => processesOf(directory).some((command) => command.includes(inTheMiddle));
    await expect.poll(there, { timeout: MINUTE }).toBe(true);
    await interrupted(running, directory);
  },
  2 * MINUTE,
);

test(
  'h2load, and the body that it sends, are gone after an interruption',
  async () => {
    const directory = ownFolder();
    const bin = ownFolder();
    // Stands in where nghttp2-client is not installed: it tells a version, and runs for a minute.
    writeFileSync(
      join(bin, 'h2load'),
      '#!/bin/sh\n[ "$1" = --version ] && echo h2load && exit\nexec sleep 60 # "$@"\n',
    );
    chmodSync(join(bin, 'h2load'), 0o755);
    const running = bench(
      ['ab', '--cells', '100kB:1', '--variants', 'h2load'],
      directory,
      `${bin}${delimiter}${process.env.PATH}`,
    );
    const there = (): boolean => processesOf(directory).some((command) => command.startsWith('sleep'));
    await expect.poll(there, { timeout: MINUTE }).toBe(true);
    expect(readdirSync(directory)).not.toEqual([]);
    await interrupted(running, directory);
  },
  2 * MINUTE,
);

test('an end that fails keeps none of the others, and folders go after the processes that write into them', () => {
  const directory = ownFolder();
  const folder = join(directory, 'data');
  mkdirSync(folder);
  const script = `
    const { atExit, removeAtExit } = await import(${JSON.stringify(new URL('./at-exit.ts', import.meta.url).href)});
    removeAtExit(${JSON.stringify(folder)});
    atExit('process', () => { throw new Error('it would not go') });
    atExit('process', () => console.log(process.getBuiltinModule('node:fs').existsSync(${JSON.stringify(folder)})));
  `;
  const ran = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
  expect(ran.stdout).toBe('true\n');
  expect(ran.stderr).toContain('left behind: it would not go');
  expect(readdirSync(directory)).toEqual([]);
});
