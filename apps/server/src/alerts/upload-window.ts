/** What the last minutes' uploads were like: the figures that the alerts and the status page are about. */
import { factsOf } from '../metrics/catalog.ts';
import { isHttp2ErrorType } from '../telemetry/error-type.ts';
import type { TelemetryEvent } from '../telemetry/telemetry-event.ts';
import { histogramQuantile } from './histogram-quantile.ts';
import type { Measure } from './rule.ts';

/** What one slot of the window covers. Milliseconds. */
const SLOT_MS = 1_000;
/** Slots that are kept: the longest window there can be. */
const MAX_SLOTS = 3_601;

/** The bounds of the metric, so that both watchers say the same. */
const BOUNDS = factsOf('ferry_upload_duration_seconds').buckets ?? [];

interface Slot {
  readonly number: number;
  ok: number;
  failed: number;
  retries: number;
  h2Attempts: number;
  h2Errors: number;
  /** Uploads by duration; one more than the bounds. */
  readonly durations: number[];
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
      if (event.connection?.protocol !== 'h2') return;
      const slot = this.#slotAt(event.at);
      slot.h2Attempts += 1;
      if (isHttp2ErrorType(event.errorType)) slot.h2Errors += 1;
    }
    if (event.type !== 'call-ended' || event.operation !== 'upload' || event.outcome === 'aborted') return;
    const slot = this.#slotAt(event.at);
    slot[event.outcome] += 1;
    slot.retries += Math.max(0, event.attempts - 1);
    const seconds = event.upstreamMs / 1_000;
    const found = BOUNDS.findIndex((bound) => seconds <= bound);
    const bucket = found < 0 ? BOUNDS.length : found;
    slot.durations[bucket] = (slot.durations[bucket] ?? 0) + 1;
  };

  /** @param now milliseconds since the Unix epoch. */
  figures(now: number, windowMs: number): Figures {
    const from = Math.floor((now - windowMs) / SLOT_MS);
    const total = newSlot(0);
    for (const slot of this.#slots) if (slot.number > from) addTo(total, slot);
    const uploads = total.ok + total.failed;
    return {
      uploads,
      h2Attempts: total.h2Attempts,
      values: {
        'success-rate': ratio(total.ok, uploads),
        'average-retries': ratio(total.retries, uploads),
        'http2-error-rate': ratio(total.h2Errors, total.h2Attempts),
        'latency-p50': histogramQuantile(0.5, BOUNDS, total.durations),
        'latency-p99': histogramQuantile(0.99, BOUNDS, total.durations),
      },
    };
  }

  /** A clock that is set back counts into the newest slot. */
  #slotAt(at: number): Slot {
    const newest = this.#slots.at(-1);
    const number = Math.floor(at / SLOT_MS);
    if (newest !== undefined && newest.number >= number) return newest;
    const slot = newSlot(number);
    this.#slots.push(slot);
    if (this.#slots.length > MAX_SLOTS) this.#slots.shift();
    return slot;
  }
}

const newSlot = (number: number): Slot => ({
  number,
  ok: 0,
  failed: 0,
  retries: 0,
  h2Attempts: 0,
  h2Errors: 0,
  durations: Array.from({ length: BOUNDS.length + 1 }, () => 0),
});

function addTo(total: Slot, slot: Slot): void {
  total.ok += slot.ok;
  total.failed += slot.failed;
  total.retries += slot.retries;
  total.h2Attempts += slot.h2Attempts;
  total.h2Errors += slot.h2Errors;
  for (const [bucket, count] of slot.durations.entries()) {
    total.durations[bucket] = (total.durations[bucket] ?? 0) + count;
  }
}

const ratio = (part: number, whole: number): number | undefined => (whole === 0 ? undefined : part / whole);
