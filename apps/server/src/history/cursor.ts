/** Where a page of the history begins or ends: the start of a call, and its id among those that began together. */
export interface Cursor {
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
  readonly id: string;
}

// Fourteen digits reach the year 5138: beyond 9999 a date is written in a way that PostgreSQL does not read.
const PATTERN = /^(\d{1,14})-((?:upl|edt)_[\w-]{1,64})$/;

export const writeCursor = ({ at, id }: Cursor): string => `${at}-${id}`;

/** Undefined for what is none. */
export function readCursor(text: string): Cursor | undefined {
  const [, at, id] = PATTERN.exec(text) ?? [];
  return at === undefined || id === undefined ? undefined : { at: Number(at), id };
}

/** Negative when `a` began before `b`. */
export function compareCursors(a: Cursor, b: Cursor): number {
  if (a.at !== b.at) return a.at - b.at;
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}
