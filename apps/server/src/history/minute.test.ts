import { expect, test } from 'vitest';
import { intoSteps, RecentMinutes, tallyMinutes } from './minute.ts';
import { endedCall } from './testing.ts';

test('uploads count in the minute of their end, edits not at all, and aborted ones only by their attempts', () => {
  const minutes = tallyMinutes([
    endedCall({ id: 'upl_2', at: 60_500, outcome: 'failed', errorTypes: ['503', '503'] }),
    endedCall({ id: 'upl_1', at: 59_999, errorTypes: ['http2_protocol_error', 'none'] }),
    endedCall({ id: 'upl_3', at: 60_000, outcome: 'aborted', errorTypes: ['http2_cancel'] }),
    endedCall({ id: 'edt_1', at: 60_000, operation: 'edit' }),
  ]);
  expect(minutes).toMatchObject([
    { at: 0, tally: { ok: 1, failed: 0, retries: 1, h2Attempts: 2, h2Errors: 1 } },
    { at: 60_000, tally: { ok: 0, failed: 1, retries: 1, h2Attempts: 3, h2Errors: 1 } },
  ]);
});

test('minutes go together into longer steps, with nothing lost', () => {
  const minutes = tallyMinutes([0, 1, 4, 5].map((n) => endedCall({ at: n * 60_000 })));
  expect(intoSteps(minutes, 300_000)).toMatchObject([
    { at: 0, tally: { ok: 3 } },
    { at: 300_000, tally: { ok: 1 } },
  ]);
});

test('memory keeps only the last minutes', () => {
  const recent = new RecentMinutes(2);
  for (const n of [1, 2, 2, 3]) recent.add(endedCall({ at: n * 60_000 }));
  expect(recent.since(0)).toMatchObject([
    { at: 120_000, tally: { ok: 2 } },
    { at: 180_000, tally: { ok: 1 } },
  ]);
  expect(recent.since(180_000)).toHaveLength(1);
});
