import { type Cell, SMALL_ALONE } from './cell.ts';
import type { Stint } from './turns.ts';

/**
 * Of the clients whose ratios are promised, in milliseconds. V8 compiles what runs once an upload for good after some 17,000 of them;
 * until then the client with more code of its own looks dearer than it stays, and while it does so everything is a gamble. Only of
 * small bodies are there so many in a few seconds, one at a time (`alone`) or several (`together`). Larger ones have their own behind
 * that, for `large`.
 */
export interface PromisedWarmUp {
  readonly alone: number;
  readonly together: number;
  readonly large: number;
}

/** What they do under a load before they are measured. */
export function promisedWarmUps(
  { bodyBytes, atOnce }: Cell,
  { alone, together, large }: PromisedWarmUp,
): readonly Stint[] {
  const smallBytes = Math.min(bodyBytes, SMALL_ALONE.bodyBytes);
  const small = { ms: atOnce === 1 ? alone : together, bodyBytes: smallBytes };
  return bodyBytes === smallBytes ? [small] : [small, { ms: large, bodyBytes }];
}

export function totalMs(warmUps: readonly Stint[]): number {
  return warmUps.reduce((sum, { ms }) => sum + ms, 0);
}
