/** The figures over time, and what was changed meanwhile. Pure. Names and fields are the wire's. */
import { addTo, measuresOf, newTally } from '../alerts/upload-tally.ts';
import { intoSteps, MINUTE_MS, type Minute } from '../history/minute.ts';
import type { Revision } from '../settings/revision.ts';

/** Points of a series: what a chart of a screen's width can show. */
const MAX_POINTS = 240;
/** Steps a person can read off an axis. Minutes. */
const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360] as const;

interface SeriesPoint {
  /** The first moment of the step, milliseconds since the Unix epoch. */
  readonly at: number;
  readonly ok: number;
  readonly failed: number;
  readonly success_rate: number | null;
  readonly average_retries: number | null;
  readonly http2_error_rate: number | null;
  readonly latency_p50_s: number | null;
  readonly latency_p99_s: number | null;
}

/** A change of settings: a mark on the charts. */
interface SeriesMark {
  readonly at: number;
  readonly revision: number;
  readonly who: string;
  readonly why: string;
  readonly keys: readonly string[];
}

export interface SeriesView {
  readonly from: number;
  readonly to: number;
  readonly step_s: number;
  /** Steps in which something ended, in order of time. */
  readonly points: readonly SeriesPoint[];
  readonly totals: { readonly ok: number; readonly failed: number; readonly retries: number };
  readonly marks: readonly SeriesMark[];
  /** `memory`: the database is away, only what this process remembers was looked at. */
  readonly source: 'database' | 'memory';
}

export interface SeriesFacts {
  readonly from: number;
  readonly to: number;
  readonly minutes: readonly Minute[];
  readonly revisions: readonly Revision[];
  readonly source: SeriesView['source'];
}

/** How long a step of a series over so many minutes is. Milliseconds. */
export function stepFor(minutes: number): number {
  const step = STEPS.find((candidate) => minutes / candidate <= MAX_POINTS) ?? STEPS[STEPS.length - 1] ?? 1;
  return step * MINUTE_MS;
}

export function seriesView({ from, to, minutes, revisions, source }: SeriesFacts): SeriesView {
  const stepMs = stepFor((to - from) / MINUTE_MS);
  const total = newTally();
  for (const { tally } of minutes) addTo(total, tally);
  const { ok, failed, retries } = total;
  return {
    from,
    to,
    step_s: stepMs / 1_000,
    points: intoSteps(minutes, stepMs).map(pointOf),
    totals: { ok, failed, retries },
    marks: revisions
      .filter(({ at }) => at.getTime() >= from)
      .map(({ id, at, who, why, changes }) => ({
        at: at.getTime(),
        revision: id,
        who,
        why,
        keys: changes.map(({ key }) => key),
      }))
      .sort((a, b) => a.at - b.at),
    source,
  };
}

function pointOf({ at, tally }: Minute): SeriesPoint {
  const measures = measuresOf(tally);
  return {
    at,
    ok: tally.ok,
    failed: tally.failed,
    success_rate: measures['success-rate'] ?? null,
    average_retries: measures['average-retries'] ?? null,
    http2_error_rate: measures['http2-error-rate'] ?? null,
    latency_p50_s: measures['latency-p50'] ?? null,
    latency_p99_s: measures['latency-p99'] ?? null,
  };
}
