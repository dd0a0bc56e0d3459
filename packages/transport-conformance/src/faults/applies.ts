import type { Protocol } from '@ferry/core';
import type { ProfileName } from '../expectation.ts';
import { PROFILES } from '../stage/profiles.ts';
import type { FaultCase } from './fault-case.ts';

/** One column of the matrix. */
export interface Column {
  readonly protocol: Protocol;
  readonly profile: ProfileName;
  readonly fallsBack: boolean;
}

/** Rows that cannot be met over a protocol, or by a profile. */
interface NotApplicable {
  readonly rows: readonly number[];
  /** Default both. */
  readonly protocol?: Protocol;
  /** Default all. */
  readonly profiles?: readonly ProfileName[];
  readonly because: string;
}

const range = (from: number, to: number): readonly number[] =>
  Array.from({ length: to - from + 1 }, (_, i) => from + i);

/** All that does not apply. A row without a case that is not here is missing, and one with a case has no place here. */
export const NOT_APPLICABLE: readonly NotApplicable[] = [
  { rows: [7], protocol: 'http/1.1', because: 'HTTP/1.1 is what it asks for' },
  { rows: range(8, 11), protocol: 'http/1.1', because: 'HTTP/1.1 has no SETTINGS and no streams' },
  { rows: range(12, 18), protocol: 'http/1.1', because: 'HTTP/1.1 has no GOAWAY' },
  { rows: range(19, 29), protocol: 'http/1.1', because: 'HTTP/1.1 has no RST_STREAM' },
  { rows: [40, 41], protocol: 'http/1.1', because: 'HTTP/1.1 has no PING' },
  { rows: [42], protocol: 'http/1.1', because: 'HTTP/1.1 has no window of its own' },
  { rows: [44], protocol: 'http/1.1', because: 'HTTP/1.1 has no padding' },
  { rows: [17], protocol: 'h2', profiles: ['FRESH'], because: 'there is no connection between two uploads' },
  { rows: [32], profiles: ['FRESH'], because: 'no connection is reused' },
  { rows: range(36, 38), profiles: ['FRESH'], because: 'no connection is ever idle' },
  {
    rows: [40],
    protocol: 'h2',
    profiles: ['FRESH', 'PREWARMED'],
    because: 'a connection that carries one request is not proven while it does',
  },
  { rows: [48], profiles: ['FRESH'], because: 'no connection is kept while the machine sleeps' },
];

/** Why a row is not met in this column; undefined when it is. Pure. */
export function whyRowNot(row: number, { protocol, profile }: Column): string | undefined {
  return NOT_APPLICABLE.find(
    (entry) =>
      entry.rows.includes(row) &&
      (entry.protocol ?? protocol) === protocol &&
      (entry.profiles ?? PROFILES).includes(profile),
  )?.because;
}

/** Why a case is not played in this column; undefined when it is. Pure. */
export function whyNot(fault: FaultCase, column: Column): string | undefined {
  if (fault.fallsBack === true && !column.fallsBack) return 'only for a transport that falls back';
  const { protocol, profile } = column;
  if (fault.protocols.includes(protocol) && (fault.profiles ?? PROFILES).includes(profile)) return undefined;
  const why = whyRowNot(fault.row, column);
  if (why !== undefined) return why;
  const here = fault.protocols.includes(protocol) ? profile : `over ${protocol}`;
  return `${here}: the row is played by its other cases`;
}
