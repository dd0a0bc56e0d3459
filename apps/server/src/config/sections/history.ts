import { integer, section } from '../keys.ts';

/** How much of what has happened the database keeps. */
export const historySection = section({
  retention_days: integer(1, 3_650, 14, {
    unit: 'days',
    about: 'How long uploads, edits and the figures of each minute are kept in the database.',
  }),
  max_rows: integer(100, 10_000_000, 200_000, {
    about: 'How many uploads and edits are kept at most; the oldest go first.',
  }),
});
