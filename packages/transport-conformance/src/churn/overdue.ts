import type { AttemptLimits, Exchange } from '@ferry/core';

/**
 * What may be added to a limit, in milliseconds, beside the time in which the process could do nothing: far more than any timer
 * is late, far less than from one limit to the next.
 */
export const SLACK_MS = 3_000;

/** How a send used its time. */
export interface Spent {
  /** From `send()` until it had settled, its answer read, by the caller's watch. Milliseconds. */
  readonly elapsedMs: number;
  /** Of these, how long this process could do nothing at all. Milliseconds. */
  readonly stalledMs: number;
  /** The transport's own account, as far as there is one. */
  readonly phaseMs: Exchange['phaseMs'];
}

/** Which limit a send has outlasted, as a sentence; undefined when none. Pure. */
export function overdue({ elapsedMs, stalledMs, phaseMs }: Spent, limits: AttemptLimits): string | undefined {
  const { acquire = 0, connect = 0, headers = 0 } = phaseMs;
  const spans = [
    ['connectMs', acquire + connect, limits.connectMs],
    ['headersMs', headers, limits.headersMs],
    ['totalMs', elapsedMs, limits.totalMs],
  ] as const;
  const late = spans.find(([, spentMs, limitMs]) => spentMs > limitMs + SLACK_MS + stalledMs);
  return late && `it took ${Math.round(late[1])} ms where ${late[0]} allows ${late[2]}`;
}
