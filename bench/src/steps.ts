import type { PartName } from './plan.ts';
import type { Measurement } from './results/measurement.ts';
import type { NamedRow } from './results/named-row.ts';

/** What a step has measured. */
interface Findings {
  readonly rows?: readonly NamedRow[];
  readonly measurements?: readonly Measurement[];
}

/** Tells of something that could not be measured, while the rest goes on. */
export type OnFailure = (what: string, error: unknown) => void;

/** A piece of a run: what it measures is kept when it has ended, whatever becomes of the others. */
export interface Step {
  readonly part: PartName;
  readonly name: string;
  /** About how long it takes on two cores that do nothing else. */
  readonly seconds: number;
  readonly run: (failed: OnFailure) => Promise<Findings>;
}

/** How long a client process takes to begin and to end, and a gateway in front of it. Seconds, as measured on two cores. */
export const CLIENT_SECONDS = 0.25;
export const GATEWAY_SECONDS = 0.8;
