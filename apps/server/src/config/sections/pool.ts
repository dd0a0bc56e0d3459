import { integer, section } from '../keys.ts';

/** Connections kept or opened ahead. */
export const poolSection = section({
  spares: integer(0, 32, 2, {
    about: 'Connections opened ahead for isolated uploads; 0 opens each when it is needed.',
  }),
  max_connections: integer(1, 256, 8, {
    about: 'Shared connections to one upstream. Isolated ones follow `upload.concurrency`.',
  }),
  max_streams: integer(1, 100, 4, { about: 'Requests at once on one shared HTTP/2 connection.' }),
  max_idle_ms: integer(100, 3_600_000, 30_000, {
    unit: 'ms',
    about: 'A shared connection unused for longer is closed.',
  }),
  max_age_ms: integer(1_000, 86_400_000, 600_000, {
    unit: 'ms',
    about: 'A shared connection older than this is replaced.',
  }),
  prove_after_idle_ms: integer(0, 3_600_000, 1_000, {
    unit: 'ms',
    about: 'A shared connection silent for longer is proven by a PING before it is used again.',
  }),
});
