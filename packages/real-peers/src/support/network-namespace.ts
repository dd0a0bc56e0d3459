import { execFile, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { findBinary } from './binary.ts';

/** A child that has not ended by then hangs. Milliseconds. */
const WATCHDOG_MS = 50_000;

const unshare = findBinary('unshare');
const ip = findBinary('ip');

/** A network of its own for each process; whoever is not root becomes it inside. */
const ISOLATED = process.getuid?.() === 0 ? ['--net'] : ['--map-root-user', '--net'];

/**
 * Whether this machine lets us have a network of our own. Where it does not its tests are left out, which is said.
 * @throws Error in CI when it does not: `.github/workflows/ci.yml` gives the container what that takes.
 */
export function hasNetworkNamespaces(): boolean {
  if (!unshare.found || !ip.found) return false;
  if (spawnSync(unshare.path, [...ISOLATED, ip.path, 'link', 'set', 'lo', 'up']).status === 0) return true;
  if (process.env.CI === 'true') throw new Error('no network namespaces here: unshare --net is refused');
  process.stderr.write('The tests in a network of their own are left out: unshare --net is refused.\n');
  return false;
}

/** Runs a module of ours in a network of its own, whose loopback is down; its first argument is where `ip` is. Gives the lines it prints. */
export async function runIsolated(script: URL): Promise<readonly string[]> {
  const node = [
    process.execPath,
    '--conditions=@ferry/source',
    '--no-warnings',
    fileURLToPath(script),
    ip.path,
  ];
  const { stdout } = await promisify(execFile)(unshare.path, [...ISOLATED, ...node], {
    timeout: WATCHDOG_MS,
    killSignal: 'SIGKILL',
  });
  return stdout.trimEnd().split('\n');
}
