/** What `auto` learns of one server, and a clock for it: uploads take real time, a hold of minutes ends when a story says so. */
import { type AttemptRecord, DEFAULT_FALLBACK_POLICY, FallbackMemory, type Protocol } from '@ferry/core';
import { FakeClock } from '@ferry/core/testing';
import { expect } from 'vitest';
import type { Traffic } from './traffic.ts';

export interface FallbackWatch {
  /** With the product's own rules. */
  readonly memory: FallbackMemory;
  /** Every mark, probe and return so far, in words such as `http1, slow-window, 300 s`, `probing` and `h2`. */
  readonly changes: readonly string[];
  /** Lets time pass until HTTP/2 is due to be tried again. */
  endHold(): void;
  /** Lets time pass until what went over HTTP/2 before counts no more for the failure rate. */
  letRateExpire(): void;
}

export function watchFallback(): FallbackWatch {
  const clock = new FakeClock();
  const changes: string[] = [];
  const memory = new FallbackMemory({
    clock,
    onChange({ road, reason, holdMs = 0 }) {
      changes.push(road === 'http1' ? `http1, ${reason}, ${holdMs / 1000} s` : road);
    },
  });
  return {
    memory,
    changes,
    endHold() {
      const [view] = memory.list();
      clock.advance(view?.remainingMs ?? 0);
    },
    letRateExpire: () => clock.advance(DEFAULT_FALLBACK_POLICY.windowMs + 1),
  };
}

type Uploads = Pick<Traffic, 'outcomes'>;

/** How many uploads arrived over each protocol. */
export function carried({ outcomes }: Uploads): Readonly<Record<Protocol, number>> {
  const last = outcomes.map(({ attempts }) => attempts.at(-1));
  const over = (protocol: Protocol) =>
    last.filter((attempt) => attempt?.status === 200 && attempt.exchange.protocol === protocol).length;
  return { h2: over('h2'), 'http/1.1': over('http/1.1') };
}

/** The attempts that failed because of HTTP/2: the server does not offer it, or broke an upload off. */
export function failedOverH2({ outcomes }: Uploads): readonly AttemptRecord[] {
  return outcomes
    .flatMap(({ attempts }) => attempts)
    .filter(({ error, delivery, exchange: { protocol } }) => {
      if (error === undefined) return false;
      return error.kind === 'http1-required' || (protocol === 'h2' && delivery === 'unknown');
    });
}

/** The hold ends, HTTP/2 works again: one upload tries it, those after it follow, and all of the next act go over it. */
export async function expectReturn(
  { changes, endHold }: FallbackWatch,
  act: () => Promise<Uploads>,
): Promise<void> {
  const before = changes.length;
  endHold();
  const returning = await act();
  expect(failedOverH2(returning)).toEqual([]);
  expect(carried(returning).h2).toBeGreaterThan(0);
  expect(changes.slice(before)).toEqual(['probing', 'h2']);
  const next = await act();
  expect(carried(next)).toEqual({ h2: next.outcomes.length, 'http/1.1': 0 });
}
