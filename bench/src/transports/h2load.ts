import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { LoadJob, Measured } from './job.ts';

const GRACE_MS = 20_000;

/**
 * nghttp2's own load generator on one connection: what the protocol and this machine can do when the client is written in C. Its CPU
 * time is not known, and it does not look at the answers.
 * @throws Error when it fails, or an upload does.
 */
export async function runH2load(job: LoadJob): Promise<Measured> {
  const directory = await mkdtemp(join(tmpdir(), 'ferry-bench-'));
  const body = join(directory, 'body');
  try {
    await writeFile(body, Buffer.alloc(job.bodyBytes, 0x61));
    const args = ['-t', '1', '-c', '1', '-m', String(job.atOnce), '-d', body];
    // It takes whole seconds.
    const measureS = Math.max(1, Math.round(job.measureMs / 1_000));
    const warmUpS = Math.max(1, Math.round(job.warmUpMs / 1_000));
    const time = ['-D', String(measureS), '--warm-up-time', String(warmUpS)];
    const { stdout } = await promisify(execFile)('h2load', [...args, ...time, job.target.url], {
      timeout: (measureS + warmUpS) * 1_000 + GRACE_MS,
      killSignal: 'SIGKILL',
    });
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
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** @throws Error when it has not said how fast it was. */
export function parseH2load(output: string): { readonly requestsPerSecond: number; readonly failed: number } {
  const speed = /^finished in [^,]+, ([\d.]+) req\/s/m.exec(output)?.[1];
  const failed = /(\d+) failed/.exec(output)?.[1];
  if (speed === undefined || failed === undefined) throw new Error('h2load has not told its result');
  return { requestsPerSecond: Number(speed), failed: Number(failed) };
}
