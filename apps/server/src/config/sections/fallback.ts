import { decimal, flag, integer, section } from '../keys.ts';

/** When HTTP/1.1 takes the place of HTTP/2. */
export const fallbackSection = section({
  http1: flag(true, { about: 'Whether `upload.transport = "auto"` may fall back to HTTP/1.1.' }),
  h2_failure_rate: decimal(0.01, 1, 0.5, {
    about:
      'Share of HTTP/2 exchanges with an upstream that fail within a minute, from which it is spoken to over HTTP/1.1.',
  }),
  min_requests: integer(1, 100_000, 10, {
    about: 'HTTP/2 exchanges within that minute below which the share says nothing.',
  }),
  hold_s: decimal(0.1, 172_800, 300, {
    unit: 's',
    about:
      'How long HTTP/1.1 is held before HTTP/2 is tried again; doubles each time that fails, up to two days.',
  }),
});
