import { decimal, flag, integer, section, statusCodes } from '../keys.ts';

/** When and how often an exchange is tried again. */
export const retrySection = section({
  max_retry: integer(0, 10, 3, { about: 'Retries after the first attempt.' }),
  retry_status_codes: statusCodes([401, 403, 408, 425, 429, 500, 502, 503, 504], {
    about: 'Upstream answers worth another attempt. 401 and 403 only with another key.',
  }),
  retry_backoff_base: decimal(0.001, 60, 0.5, { unit: 's', about: 'The first wait, before jitter.' }),
  retry_backoff_factor: decimal(1, 10, 2, { about: 'Each wait is this many times the one before.' }),
  retry_backoff_max: decimal(0.001, 600, 30, {
    unit: 's',
    about: 'The longest single wait; caps Retry-After too.',
  }),
  retry_budget: decimal(0, 3_600, 90, { unit: 's', about: 'All the waits of one request together.' }),
  edit_retry_unknown: flag(false, {
    about:
      'Whether an edit goes again when nobody knows if it arrived. Answers come more often, and some are paid for twice.',
  }),
  edit_retry_status_codes: statusCodes([], {
    about:
      'Upstream answers on which an edit goes again although it may have been made, such as 500. They must be in `retry_status_codes` too.',
  }),
  trust_refused_stream: flag(false, {
    about:
      'Whether an edit goes again after REFUSED_STREAM. Only without a proxy before the upstream is that a proof.',
  }),
  trust_unavailable: flag(true, {
    about:
      'Whether an edit goes again after a 503 that says when to come back. Some proxies, such as Varnish, say it although the edit was made.',
  }),
});
