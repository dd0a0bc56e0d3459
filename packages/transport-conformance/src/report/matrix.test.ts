import { expect, test } from 'vitest';
import { matrix } from './matrix.ts';
import type { CaseReport } from './transport-report.ts';

const seen = (part: Partial<CaseReport>): CaseReport => ({
  row: 22,
  title: 'a reset',
  profile: 'POOLED',
  result: 'passes',
  observed: 'failed: reset',
  notes: [],
  ...part,
});

test('the matrix tells what does not apply from what is missing, and says what is not simply ok', () => {
  const text = matrix([
    {
      transport: 'one',
      protocol: 'h2',
      profiles: ['FRESH', 'POOLED'],
      at: '2026-01-01T00:00:00Z',
      cases: [
        seen({}),
        seen({ row: 3, title: 'a | b', profile: 'FRESH' }),
        seen({ profile: 'FRESH', result: 'n/a', notes: ['nothing is reused'] }),
      ],
    },
    {
      transport: 'two',
      protocol: 'http/1.1',
      profiles: ['POOLED'],
      at: '2026-01-01T00:00:00Z',
      cases: [seen({ result: 'fails', notes: ['it should not'] })],
    },
  ]);
  expect(text).toContain('| one FRESH | one POOLED | two POOLED |');
  expect(text).toContain('| 22 | a reset | n/a | ok | **fails** |');
  expect(text).toContain('| 3 | a \\| b | ok | **missing** | **missing** |');
  expect(text.indexOf('| 3 | a')).toBeLessThan(text.indexOf('| 22 |'));
  expect(text).toContain('2026-01-01T00:00:00Z: 2 ok, 1 n/a, 1 **missing**');
  expect(text).toContain('- row 22 (one FRESH): nothing is reused');
  expect(text).toContain('- two POOLED, row 22, a reset: fails. failed: reset; it should not');
});
