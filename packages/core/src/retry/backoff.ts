import { seconds } from './duration.ts';
import type { RetryPolicy } from './retry-policy.ts';

/** How long to wait before the next attempt, as the classifier states it. A closed set. */
export type Delay =
  /** Nothing is overloaded: another connection or another credential can be tried now. */
  | { readonly type: 'immediate' }
  /** Exponential with full jitter. */
  | { readonly type: 'backoff' }
  /** The upstream limits the rate and does not say for how long: decorrelated jitter. */
  | { readonly type: 'jitter429' }
  /** The upstream named the wait. */
  | { readonly type: 'retry-after'; readonly ms: number }
  /** No credential is ready before that: to come back sooner would be of no use. */
  | { readonly type: 'rest'; readonly ms: number };

/** A number from 0 (included) to 1 (excluded), as `Math.random` gives. */
export type Random = () => number;

/**
 * Exponential back-off with full jitter: anywhere from nothing to the exponential ceiling, so that clients which failed
 * together do not return together. `retry` counts from 1.
 * Source: Marc Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
 */
export function fullJitterMs(policy: RetryPolicy, retry: number, random: Random): number {
  if (policy.backoffBaseMs <= 0) return 0;
  const ceiling = policy.backoffBaseMs * policy.backoffFactor ** (retry - 1);
  return random() * Math.min(policy.backoffMaxMs, ceiling);
}

/**
 * Decorrelated jitter: between the base and three times the previous wait, or three times the base at first. Unlike full
 * jitter it never returns at once, which is what a rate limit asks for. Same source as `fullJitterMs`.
 */
export function decorrelatedJitterMs(policy: RetryPolicy, previousMs: number, random: Random): number {
  const base = policy.backoffBaseMs;
  const ceiling = Math.max(base, previousMs) * 3;
  return Math.min(policy.backoffMaxMs, base + random() * (ceiling - base));
}

export interface WaitState {
  /** The retry that is about to be made, from 1. */
  readonly retry: number;
  /** The wait before this one; 0 when there was none. */
  readonly previousMs: number;
  /** What is left of `budgetMs`. */
  readonly budgetLeftMs: number;
  /** What is left until the request's deadline; `Infinity` without one. */
  readonly deadlineLeftMs: number;
}

/** A wait, or the reason why waiting makes no sense. */
export type Wait = { readonly waitMs: number } | { readonly refused: string };

/**
 * What is added to a wait of `ms` milliseconds that many are told at once, so that they do not all come back at once: up to a
 * tenth of it, at most a second, and no more than `roomMs`. Never less than what was told (RFC 9110 section 10.2.3).
 */
export function spreadMs(ms: number, roomMs: number, random: Random): number {
  return random() * Math.min(ms / 10, 1_000, roomMs);
}

/**
 * Turns a delay into milliseconds. A Retry-After is compared with the budget as the upstream stated it and then capped
 * by `backoffMaxMs`: an upstream that asks for an hour is not bothered again after thirty seconds. A rest of credentials is not
 * capped, since nothing can be sent before its end.
 */
export function planWait(delay: Delay, state: WaitState, policy: RetryPolicy, random: Random): Wait {
  const wantedMs = wantedWaitMs(delay, state, policy, random);
  const { budgetLeftMs, deadlineLeftMs } = state;
  if (wantedMs > budgetLeftMs) return { refused: `waiting ${seconds(wantedMs)} exceeds the retry budget` };
  const longestMs = delay.type === 'rest' ? wantedMs : policy.backoffMaxMs;
  const leastMs = Math.min(wantedMs, longestMs);
  if (leastMs >= deadlineLeftMs) return { refused: `waiting ${seconds(leastMs)} would outlast the deadline` };
  if (!isTold(delay)) return { waitMs: leastMs };
  // A wait that ends with the deadline is of no use: half of what is left belongs to the attempt.
  const roomMs = Math.min(budgetLeftMs - leastMs, (deadlineLeftMs - leastMs) / 2);
  const waitMs = leastMs + spreadMs(leastMs, roomMs, random);
  return { waitMs: delay.type === 'rest' ? waitMs : Math.min(waitMs, longestMs) };
}

/** Zero, or a date that has passed, names no time: an upstream that declines again and again would be asked without a pause. */
function isTold(delay: Delay): boolean {
  return delay.type === 'rest' || (delay.type === 'retry-after' && delay.ms > 0);
}

function wantedWaitMs(delay: Delay, state: WaitState, policy: RetryPolicy, random: Random): number {
  switch (delay.type) {
    case 'immediate':
      return 0;
    case 'backoff':
      return fullJitterMs(policy, state.retry, random);
    case 'jitter429':
      return decorrelatedJitterMs(policy, state.previousMs, random);
    case 'retry-after':
      return isTold(delay) ? delay.ms : decorrelatedJitterMs(policy, state.previousMs, random);
    case 'rest':
      return delay.ms;
  }
}
