/** The figures of each minute, counted from the uploads that ended in it. Pure. */
import { addTo, newTally, tallyAttempt, tallyUpload, type UploadTally } from '../alerts/upload-tally.ts';
import type { EndedCall } from './ended-calls.ts';

export const MINUTE_MS = 60_000;

/** One minute, or several together. */
export interface Minute {
  /** Its first moment, milliseconds since the Unix epoch. */
  readonly at: number;
  readonly tally: UploadTally;
}

/** In order of time. Edits do not count. */
export function tallyMinutes(calls: readonly EndedCall[]): Minute[] {
  const minutes = new Map<number, UploadTally>();
  for (const { operation, attempts, ended } of calls) {
    if (operation !== 'upload') continue;
    const at = Math.floor(ended.at / MINUTE_MS) * MINUTE_MS;
    const tally = minutes.get(at) ?? newTally();
    minutes.set(at, tally);
    for (const attempt of attempts) tallyAttempt(tally, attempt);
    tallyUpload(tally, ended);
  }
  return [...minutes].map(([at, tally]) => ({ at, tally })).sort((a, b) => a.at - b.at);
}

/** Puts minutes together into steps of `stepMs`, in order of time. */
export function intoSteps(minutes: readonly Minute[], stepMs: number): Minute[] {
  const steps = new Map<number, UploadTally>();
  for (const { at, tally } of minutes) {
    const step = Math.floor(at / stepMs) * stepMs;
    const total = steps.get(step) ?? newTally();
    steps.set(step, total);
    addTo(total, tally);
  }
  return [...steps].map(([at, tally]) => ({ at, tally })).sort((a, b) => a.at - b.at);
}

/** The last minutes of this process, for when the database is away. */
export class RecentMinutes {
  readonly #limit: number;
  /** Oldest first. */
  readonly #minutes = new Map<number, UploadTally>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  add(call: EndedCall): void {
    for (const { at, tally } of tallyMinutes([call])) {
      const total = this.#minutes.get(at) ?? newTally();
      addTo(total, tally);
      this.#minutes.set(at, total);
    }
    const oldest = this.#minutes.size > this.#limit ? this.#minutes.keys().next() : undefined;
    if (oldest?.done === false) this.#minutes.delete(oldest.value);
  }

  since(from: number): Minute[] {
    return [...this.#minutes].flatMap(([at, tally]) => (at >= from ? [{ at, tally }] : []));
  }
}
