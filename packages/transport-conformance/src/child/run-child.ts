import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** A child that has not ended by itself by then, in milliseconds, hangs. It takes about three seconds on a quiet machine. */
const WATCHDOG_MS = 60_000;

/** The child gets what it needs to start and nothing else of the environment. */
const ENVIRONMENT = ['PATH', 'HOME', 'TMPDIR', 'TEMP', 'SystemRoot'];

export interface ChildPlan {
  readonly script: URL;
  readonly args: readonly string[];
  /** Node's own. */
  readonly flags?: readonly string[];
  /** Hears everything that has come on standard output so far, whenever more has come. */
  readonly onOutput?: (out: string) => void;
}

/** How a child ended. */
export type ChildEnd =
  | { readonly type: 'ended'; readonly out: string }
  /** It hung, or failed: a sentence. */
  | { readonly type: 'finding'; readonly finding: string };

/** Runs what can hang a process, or what has to be measured alone, in a process of its own under a watchdog. */
export async function runChild({ script, args, flags = [], onOutput }: ChildPlan): Promise<ChildEnd> {
  const path = fileURLToPath(script);
  const child = spawn(
    process.execPath,
    ['--conditions=@ferry/source', '--no-warnings', ...flags, path, ...args],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: Object.fromEntries(ENVIRONMENT.map((name) => [name, process.env[name]])),
    },
  );
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
    onOutput?.(out);
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
  const finding = hung
    ? `the process did not end by itself within ${WATCHDOG_MS} ms; it had said: ${out}${err}`
    : `the process ended with ${code}: ${err}`;
  return hung || code !== 0 ? { type: 'finding', finding } : { type: 'ended', out };
}
