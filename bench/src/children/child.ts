import { type ChildProcess, fork } from 'node:child_process';
import { program } from '../program.ts';
import { atExit } from './at-exit.ts';
import { sharedCompileCache } from './compile-cache.ts';
import { keepComplaint } from './complaint.ts';

/** How long a process may take to begin: a busy machine is slow, a broken one is not waited for. */
export const START_MS = 20_000;
const STOP_MS = 5_000;

/** A process of the bench: its complaints are kept for the report, and it does not outlive the bench. */
export interface Child {
  readonly process: ChildProcess;
  /** What it said last on its standard error; empty when it said nothing. */
  complaint(): string;
}

/** Starts a program of this bench. @param path as in `program`. */
export function startProgram(path: string, args: readonly string[] = []): Child {
  const env = { ...process.env, ...sharedCompileCache() };
  return adopt(fork(program(path), [...args], { env, stdio: ['ignore', 'inherit', 'pipe', 'ipc'] }));
}

/** Takes a process that was just started with a pipe for its standard error. */
export function adopt(child: ChildProcess): Child {
  const release = atExit('process', () => child.kill('SIGKILL'));
  child.once('exit', release);
  // Whoever waits for it is told; a message that it no longer takes must not end the bench.
  child.on('error', () => undefined);
  return { process: child, complaint: keepComplaint(child) };
}

/**
 * Waits for a message that `take` understands.
 * @throws Error with the name and its last words when it ends before, or takes longer than `limitMs`.
 */
export function messageFrom<T>(
  { process: child, complaint }: Child,
  name: string,
  limitMs: number,
  take: (message: unknown) => T | undefined,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const late = setTimeout(
      () => fail(`${name} had no result after ${(limitMs / 1_000).toFixed(0)} s`),
      limitMs,
    );
    const settle = (): void => {
      clearTimeout(late);
      child.off('message', onMessage).off('error', onError).off('close', onClose);
    };
    const fail = (reason: string): void => {
      settle();
      const said = complaint();
      reject(new Error(said === '' ? reason : `${reason}: ${said}`));
    };
    const onMessage = (message: unknown): void => {
      const taken = take(message);
      if (taken === undefined) return;
      settle();
      resolve(taken);
    };
    const onError = (error: Error): void => fail(`${name}: ${error.message}`);
    // Not `exit`: what it wrote last may still be on its way then.
    const onClose = (code: number | null, signal: string | null): void =>
      fail(`${name} ended (${signal ?? code}) before it had a result`);
    child.on('message', onMessage).on('error', onError).on('close', onClose);
    // It may have ended while nobody was waiting.
    if (child.exitCode !== null || child.signalCode !== null) onClose(child.exitCode, child.signalCode);
  });
}

/** Does one job in a fresh process, which is gone afterwards: what it compiles, caches or leaks is no other's advantage or burden. */
export async function inFreshProcess<T>(
  path: string,
  job: object,
  name: string,
  limitMs: number,
  take: (message: unknown) => T | undefined,
): Promise<T> {
  const child = startProgram(path);
  try {
    const result = messageFrom(child, name, limitMs, take);
    child.process.send(job);
    return await result;
  } finally {
    await stopChild(child, () => child.process.kill('SIGKILL'));
  }
}

/** Ends a process and returns when it is gone. @param politely what ends it as a rule; where it does not, it is killed. */
export async function stopChild({ process: child }: Child, politely: () => void): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  politely();
  const kill = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
  await gone;
  clearTimeout(kill);
}
