import type { Protocol } from '@ferry/core';
import { expect, test } from 'vitest';
import { PROFILES } from '../stage/profiles.ts';
import { type Column, NOT_APPLICABLE, whyNot, whyRowNot } from './applies.ts';
import { FAULT_TABLE, LAST_ROW } from './table.ts';

const PROTOCOLS: readonly Protocol[] = ['h2', 'http/1.1'];
const ROWS = Array.from({ length: LAST_ROW }, (_, i) => i + 1);
const COLUMNS: readonly Column[] = PROTOCOLS.flatMap((protocol) =>
  PROFILES.map((profile) => ({ protocol, profile, fallsBack: false })),
);
const CELLS = ROWS.flatMap((row) => COLUMNS.map((column) => ({ row, column })));

const isPlayed = (row: number, column: Column): boolean =>
  FAULT_TABLE.some((fault) => fault.row === row && whyNot(fault, column) === undefined);
const name = (row: number, { protocol, profile }: Column): string => `row ${row}, ${protocol} ${profile}`;

test('every row of the fault table has a case for every protocol and profile, or a reason why it cannot be met', () => {
  const missing = CELLS.filter(
    ({ row, column }) => !isPlayed(row, column) && whyRowNot(row, column) === undefined,
  );
  expect(missing.map(({ row, column }) => name(row, column))).toEqual([]);
});

test('nothing that is said not to apply has a case', () => {
  const wrong = CELLS.filter(
    ({ row, column }) => isPlayed(row, column) && whyRowNot(row, column) !== undefined,
  );
  expect(wrong.map(({ row, column }) => name(row, column))).toEqual([]);
});

test('no reason is given twice for the same cell', () => {
  const reasons = CELLS.map(
    ({ row, column: { protocol, profile } }) =>
      NOT_APPLICABLE.filter(
        (entry) =>
          entry.rows.includes(row) &&
          (entry.protocol ?? protocol) === protocol &&
          (entry.profiles ?? PROFILES).includes(profile),
      ).length,
  );
  expect(Math.max(...reasons)).toBe(1);
});

test('the rows that mark an origin for HTTP/1.1 are played to that end by a transport that falls back', () => {
  const marks = FAULT_TABLE.filter((fault) => fault.fallsBack === true).map(({ row }) => row);
  expect(marks).toEqual([7, 26]);
});

test('no two cases of a row and a protocol have the same title', () => {
  const names = FAULT_TABLE.flatMap(({ row, title, protocols }) =>
    protocols.map((p) => `${row} ${p} ${title}`),
  );
  expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([]);
});
