/**
 * In whose name something waits: one object a request, so that a request with sixteen images is one among others; requests of
 * one caller share its name, so that a caller with two hundred requests is one among others.
 */
export interface Turn {
  /** Who asks; see `turn-of.ts`. */
  readonly caller: string;
}
