// Placeholder for the shape only; see the upload work.
export interface Spool {
  readonly byteLength: number | undefined;
}
