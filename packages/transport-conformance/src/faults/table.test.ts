import { expect, test } from 'vitest';
import { FAULT_TABLE, LAST_ROW } from './table.ts';

test('every row of the fault table has a case', () => {
  const rows = new Set(FAULT_TABLE.map((fault) => fault.row));
  const missing = Array.from({ length: LAST_ROW }, (_, i) => i + 1).filter((row) => !rows.has(row));
  expect(missing).toEqual([]);
});

test('no two cases of a row and a protocol have the same title', () => {
  const names = FAULT_TABLE.flatMap(({ row, title, protocols }) =>
    protocols.map((p) => `${row} ${p} ${title}`),
  );
  expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([]);
});
