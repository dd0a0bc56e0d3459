/** What the last minutes' uploads were like: the figures that the alerts and the status page are about. */
import type { TelemetryEvent } from '../telemetry/telemetry-event.ts';
import type { Measure } from './rule.ts';
import { addTo, measuresOf, newTally, tallyAttempt, tallyUpload, type UploadTally } from './upload-tally.ts';

/** What one slot of the window covers. Milliseconds. */
const SLOT_MS = 1_000;
/** Slots that are kept: the longest window there can be. */
const MAX_SLOTS = 3_601;

interface Slot {
  readonly number: number;
  readonly tally: UploadTally;
}

export interface Figures {
  /** Uploads that ended by themselves. */
  readonly uploads: number;
  /** Attempts over HTTP/2. */
  readonly h2Attempts: number;
  /** Undefined where there was nothing to measure. */
  readonly values: Readonly<Record<Measure, number | undefined>>;
}

/** Subscribe `hear` to the stream. */
export class UploadWindow {
  readonly #slots: Slot[] = [];

  readonly hear = (event: TelemetryEvent): void => {
    if (event.type === 'attempt-ended' && event.operation === 'upload') {
      tallyAttempt(this.#tallyAt(event.at), event);
    }
    if (event.type === 'call-ended' && event.operation === 'upload') {
      tallyUpload(this.#tallyAt(event.at), event);
    }
  };

  /** @param now milliseconds since the Unix epoch. */
  figures(now: number, windowMs: number): Figures {
    const from = Math.floor((now - windowMs) / SLOT_MS);
    const total = newTally();
    for (const { number, tally } of this.#slots) if (number > from) addTo(total, tally);
    return { uploads: total.ok + total.failed, h2Attempts: total.h2Attempts, values: measuresOf(total) };
  }

  /** A clock that is set back counts into the newest slot. */
  #tallyAt(at: number): UploadTally {
    const newest = this.#slots.at(-1);
    const number = Math.floor(at / SLOT_MS);
    if (newest !== undefined && newest.number >= number) return newest.tally;
    const slot = { number, tally: newTally() };
    this.#slots.push(slot);
    if (this.#slots.length > MAX_SLOTS) this.#slots.shift();
    return slot.tally;
  }
}
