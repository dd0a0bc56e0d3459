import { DEFAULT_ATTEMPT_LIMITS } from '@ferry/core';
import { integer, section } from '../keys.ts';

/** How long one attempt at the upstream may wait for something to happen. */
export const limitsSection = section({
  connect_ms: integer(100, 120_000, DEFAULT_ATTEMPT_LIMITS.connectMs, {
    unit: 'ms',
    about:
      'The longest an attempt waits for a connection: for a place, DNS, TCP, TLS and the first SETTINGS.',
  }),
  headers_ms: integer(100, 3_600_000, DEFAULT_ATTEMPT_LIMITS.headersMs, {
    unit: 'ms',
    about:
      'The longest an upload that is sent waits for its answer. An edit may take all that `server.deadline_ms` leaves it.',
  }),
  idle_ms: integer(100, 3_600_000, DEFAULT_ATTEMPT_LIMITS.idleMs, {
    unit: 'ms',
    about: 'The longest silence while the bytes of an upload or of an answer are under way.',
  }),
});
