import type { Delivery, H2ErrorName, Phase, TransportErrorKind } from '@ferry/core';

/** The profiles of reuse by their names in core. */
export type ProfileName = 'FRESH' | 'PREWARMED' | 'POOLED';

/** What must be true of the upload that meets the fault. */
export interface Expectation {
  readonly outcome: 'answered' | 'fails' | 'either';
  /** Default 200. */
  readonly status?: number;
  /** Which deliveries are honest. */
  readonly delivery?: readonly Delivery[];
  readonly kinds?: readonly TransportErrorKind[];
  readonly phases?: readonly Phase[];
  readonly h2Code?: H2ErrorName;
  /**
   * What becomes of the connection: `keep` and a pooled one takes the next upload, `retire` and none does, `none` when there
   * was none or it does not matter.
   */
  readonly connection: 'keep' | 'retire' | 'none';
  /** Whether the next upload arrives. Default true. */
  readonly next?: boolean;
}
