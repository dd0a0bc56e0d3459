import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { atExit } from '../children/at-exit.ts';
import { temporaryFolder } from '../children/temporary-folder.ts';
import type { LoadJob, Measured } from './job.ts';

const GRACE_MS = 20_000;

/**
 * nghttp2's own load generator on one connection: what the protocol and this machine can do when the client is written in C. Its CPU
 * time is not known, and it does not look at the answers.
 * @throws Error when it fails, or an upload does.
 */
export async function runH2load(job: LoadJob, measureMs: number): Promise<Measured> {
  await using folder = await temporaryFolder();
  const body = join(folder.path, 'body');
  await writeFile(body, Buffer.alloc(job.bodyBytes, 0x61));
  const args = ['-t', '1', '-c', '1', '-m', String(job.atOnce), '-d', body];
  // It takes whole seconds.
  const measureS = Math.max(1, Math.round(measureMs / 1_000));
  const warmUpS = Math.max(1, Math.round(job.warmUpMs / 1_000));
  const time = ['-D', String(measureS), '--warm-up-time', String(warmUpS)];
  const stdout = await outputOf(
    'h2load',
    [...args, ...time, job.target.url],
    (measureS + warmUpS) * 1_000 + GRACE_MS,
  );
  const { requestsPerSecond, failed } = parseH2load(stdout);
  if (failed > 0) throw new Error(`h2load: ${failed} uploads failed`);
  const ms = measureS * 1_000;
  const uploads = Math.round(requestsPerSecond * measureS);
  return {
    uploads,
    bytes: uploads * job.bodyBytes,
    ms,
    cpuMs: Number.NaN,
    peakRssBytes: Number.NaN,
    latenciesMs: [],
  };
}

/** @throws Error when it takes longer than `timeout` milliseconds, or fails. It does not outlive this process. */
async function outputOf(command: string, args: readonly string[], timeout: number): Promise<string> {
  const running = promisify(execFile)(command, [...args], { timeout, killSignal: 'SIGKILL' });
  const release = atExit('process', () => running.child.kill('SIGKILL'));
  try {
    return (await running).stdout;
  } finally {
    release();
  }
}

/** @throws Error when it has not said how fast it was. */
export function parseH2load(output: string): { readonly requestsPerSecond: number; readonly failed: number } {
  const speed = /^finished in [^,]+, ([\d.]+) req\/s/m.exec(output)?.[1];
  const failed = /(\d+) failed/.exec(output)?.[1];
  if (speed === undefined || failed === undefined) throw new Error('h2load has not told its result');
  return { requestsPerSecond: Number(speed), failed: Number(failed) };
}
