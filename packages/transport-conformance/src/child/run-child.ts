import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { ProfileName } from '../expectation.ts';
import type { TransportClaims } from '../subject.ts';

/** A child that has not ended by itself by then, in milliseconds, hangs. It takes about three seconds. */
const WATCHDOG_MS = 25_000;

/** The child gets what it needs to start and nothing else of the environment. */
const ENVIRONMENT = ['PATH', 'HOME', 'TMPDIR', 'TEMP', 'SystemRoot'];

/** Runs the aborts that can hang a process in one of their own; what comes back are findings, a hang among them. */
export async function runAbortChild(
  claims: TransportClaims,
  profile: ProfileName,
): Promise<readonly string[]> {
  const script = fileURLToPath(new URL('./abort-child.ts', import.meta.url));
  const child = spawn(
    process.execPath,
    ['--conditions=@ferry/source', '--no-warnings', script, claims.module, claims.protocol, profile],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: Object.fromEntries(ENVIRONMENT.map((name) => [name, process.env[name]])),
    },
  );
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text;
  });
  let hung = false;
  const watchdog = setTimeout(() => {
    hung = true;
    child.kill('SIGKILL');
  }, WATCHDOG_MS);
  const [code] = await once(child, 'close');
  clearTimeout(watchdog);
  if (hung) return [`the process did not end by itself within ${WATCHDOG_MS} ms; it had said: ${out}${err}`];
  if (code !== 0) return [`the process ended with ${code}: ${err}`];
  return JSON.parse(out) as string[];
}
