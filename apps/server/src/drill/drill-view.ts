/** Fault drills as the admin API shows them. Names and fields are the wire's. */
import type { DrillKind } from './drill-plans.ts';

interface DrillOffer {
  readonly kind: DrillKind;
  readonly title: string;
  /** What will happen, in a sentence. */
  readonly what: string;
  /** What to look at meanwhile. */
  readonly look: string;
  /** How long it takes at most, in seconds. */
  readonly seconds: number;
}

export interface DrillView {
  readonly kinds: readonly DrillOffer[];
  readonly running: {
    readonly kind: DrillKind;
    readonly started_at: number;
    /** When it ends at the latest. */
    readonly ends_by: number;
    /** What it does now, in words. */
    readonly step: string;
    readonly sent: number;
    readonly arrived: number;
    readonly failed: number;
  } | null;
  /** The last one that has ended. */
  readonly last: {
    readonly kind: DrillKind;
    readonly ended_at: number;
    readonly end: DrillEnd;
    readonly sent: number;
    readonly arrived: number;
    readonly failed: number;
  } | null;
}

/** `overdue`: what it waited for did not come in time. `broken`: the simulator could not be steered. */
export type DrillEnd = 'finished' | 'stopped' | 'overdue' | 'broken';
