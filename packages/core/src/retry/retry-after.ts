/** A week: no upstream means more, and a larger number is an error or an attack. */
const LONGEST_MS = 7 * 24 * 3_600_000;

/** The three date forms of RFC 9110 section 5.6.7. `Date.parse` alone takes `-5` for the year 2001. */
const HTTP_DATE =
  /^(?:[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} [\d:]{8} GMT|[A-Z][a-z]+, \d{2}-[A-Z][a-z]{2}-\d{2} [\d:]{8} GMT|[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d [\d:]{8} \d{4})$/;

const NUMBER = /^\d+(?:\.\d+)?$/;

/**
 * How long the upstream asks to wait, in milliseconds, at most a week; undefined when it does not say or cannot be
 * understood (a negative number, two values, words). `retry-after-ms` (sent by OpenAI-compatible upstreams) comes before
 * `retry-after` (RFC 9110 section 10.2.3: whole seconds or a date). A date is measured against the answer's own `date`
 * when it has one, so that a wrong clock here does not matter; a date in the past means now.
 */
export function retryAfterMs(headers: Readonly<Record<string, string>>, wallNow: number): number | undefined {
  const inMs = headers['retry-after-ms']?.trim();
  if (inMs !== undefined && NUMBER.test(inMs)) return capped(Number(inMs));
  const value = headers['retry-after']?.trim();
  if (value === undefined) return undefined;
  if (NUMBER.test(value)) return capped(Number(value) * 1000);
  const until = httpDate(value);
  if (until === undefined) return undefined;
  return capped(until - (httpDate(headers.date) ?? wallNow));
}

function httpDate(text: string | undefined): number | undefined {
  if (text === undefined || !HTTP_DATE.test(text)) return undefined;
  // The asctime form names no zone; every HTTP date is in UTC.
  const ms = Date.parse(text.endsWith('GMT') ? text : `${text} GMT`);
  return Number.isNaN(ms) ? undefined : ms;
}

function capped(ms: number): number {
  return Math.max(0, Math.min(ms, LONGEST_MS));
}
