/** Where a page of the history begins or ends: the start of a call, and its id among those that began together. */
export interface Cursor {
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
  readonly id: string;
}

const PATTERN = /^(\d{1,15})-((?:upl|edt)_[\w-]{1,64})$/;

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
