import type { FakeClock } from '@ferry/core/testing';
import { turns } from '../stage/eventually.ts';
import type { SendOutcome } from '../stage/outcome.ts';

export interface Passed {
  readonly outcome: SendOutcome;
  /** Milliseconds of the fake clock that had passed when it settled. */
  readonly afterMs: number;
}

/** Steps of a limit. A transport may look at progress now and then instead of at every byte: within one step is exact. */
const STEPS = 20;

/**
 * Lets fake time pass until the send settles, `limitMs / 20` at a time, for at most three times the limit. Both sides get
 * turns of the real event loop between the steps.
 * @param busy called before each step, to keep something moving.
 */
export async function passTime(
  clock: FakeClock,
  sending: Promise<SendOutcome>,
  limitMs: number,
  busy: () => void | Promise<void> = () => undefined,
): Promise<Passed> {
  let outcome: SendOutcome | undefined;
  void sending.then((settled) => {
    outcome = settled;
  });
  let afterMs = 0;
  await turns();
  while (outcome === undefined && afterMs < 3 * limitMs) {
    await busy();
    clock.advance(limitMs / STEPS);
    afterMs += limitMs / STEPS;
    await turns(5);
  }
  return { outcome: outcome ?? (await sending), afterMs };
}
