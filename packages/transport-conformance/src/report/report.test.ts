import { expect, test } from 'vitest';
import { type CaseReport, matrix } from './report.ts';

const seen = (part: Partial<CaseReport>): CaseReport => ({
  row: 22,
  title: 'a reset',
  profile: 'POOLED',
  result: 'passes',
  observed: 'failed: reset',
  notes: [],
  ...part,
});

test('the matrix has a line for each case, a column for each transport and profile, and says what is not simply ok', () => {
  const text = matrix([
    {
      transport: 'one',
      protocol: 'h2',
      at: '2026-01-01T00:00:00Z',
      cases: [seen({}), seen({ row: 3, title: 'a | b', profile: 'FRESH' })],
    },
    {
      transport: 'two',
      protocol: 'http/1.1',
      at: '2026-01-01T00:00:00Z',
      cases: [seen({ result: 'fails', notes: ['it should not'] })],
    },
  ]);
  expect(text).toContain('| one FRESH | one PREWARMED | one POOLED | two FRESH |');
  expect(text).toContain('| 22 | a reset |  |  | ok |  |  | **fails** |');
  expect(text.indexOf('| 3 | a \\| b | ok |')).toBeLessThan(text.indexOf('| 22 |'));
  expect(text).toContain('- two POOLED, row 22, a reset: fails. failed: reset; it should not');
});
