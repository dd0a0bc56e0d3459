/**
 * What to do after an attempt, as data: the table that `classify` runs and `docs/delivery.md` shows. The proofs that a request
 * did nothing come from RFC 9113 section 8.7; whatever else got no answer may have been acted upon.
 */
import type { FailureCode } from '../client/request.ts';
import type { RetryPolicy } from './retry-policy.ts';

/** What an attempt can come to. A closed set; `row-of.ts` finds it. */
export type RowName =
  | 'whole-answer'
  | 'oversized'
  | 'not-sent'
  | 'drained'
  | 'refused'
  | 'refused-whole'
  | 'http1-required'
  | 'http1-required-whole'
  | 'unknown'
  | 'truncated'
  | 'unauthorized'
  | 'forbidden'
  | 'rate-limited-until'
  | 'rate-limited'
  | 'unavailable-until'
  | 'unavailable-doubtful'
  | 'request-timeout'
  | 'too-early'
  | 'server-error'
  | 'final-status'
  | 'untrusted-certificate'
  | 'invalid-request'
  | 'overloaded'
  | 'closed-under-way'
  | 'body-source'
  | 'aborted'
  | 'aborted-under-way';

/** What a cell says. A closed set; `classify` says how each is done. */
export type Ruling =
  | 'done'
  /** After an exponential back-off with full jitter. */
  | 'retry'
  /** As `retry`, and not on this connection. */
  | 'retry-elsewhere'
  /** On another connection while there are retries: at once if the connection was an old one. */
  | 'retry-drained'
  /** Once, on another connection, at once. */
  | 'retry-once-elsewhere'
  /** Once, over HTTP/1.1, at once. */
  | 'other-protocol'
  /** At once with another credential, if there is one. */
  | 'other-credential'
  /** As `other-credential`, and no more when that one is refused as well. */
  | 'second-opinion'
  /** At once with another credential, else after the time that the upstream named. */
  | 'wait-as-told'
  /** At once with another credential, else after decorrelated jitter. */
  | 'wait-with-jitter'
  | 'give-up';

/** Switches of the policy that open a cell which is shut by default. */
export type Switch = 'billableRetryStatusCodes' | 'billableRetryUnknown' | 'trustRefusedStream';

export interface Cell {
  readonly ruling: Ruling;
  /** The ruling holds only where the policy says so; otherwise the cell gives up. */
  readonly onlyIf?: Switch & keyof RetryPolicy;
}

export interface Row {
  /** In words for people. */
  readonly what: string;
  /** An upload, a GET: a second copy costs time only. */
  readonly repeatable: Cell;
  /** An edit: a second copy costs money. */
  readonly billable: Cell;
  /** Whether the upstream may have acted on the request. */
  readonly acted: boolean;
  /** What the failure is called when it is given up here. */
  readonly code: FailureCode;
  readonly why: string;
}

const always = (ruling: Ruling): Pick<Row, 'repeatable' | 'billable'> => ({
  repeatable: { ruling },
  billable: { ruling },
});

const uploads = (ruling: Ruling, edits?: Switch): Pick<Row, 'repeatable' | 'billable'> => ({
  repeatable: { ruling },
  billable: edits === undefined ? { ruling: 'give-up' } : { ruling, onlyIf: edits },
});

export const RETRY_TABLE: Readonly<Record<RowName, Row>> = {
  'whole-answer': {
    what: 'a whole answer below 300',
    ...always('done'),
    acted: true,
    code: 'upstream_bad_answer',
    why: 'it arrived',
  },
  'not-sent': {
    what: 'not sent: DNS, connect, TLS, no place on a connection in time',
    ...always('retry'),
    acted: false,
    code: 'upstream_transport',
    why: 'no byte of the request left',
  },
  drained: {
    what: 'refused: above the last stream of a GOAWAY with NO_ERROR',
    ...always('retry-drained'),
    acted: false,
    code: 'upstream_transport',
    why: 'a proof; a server that reloads drains every connection, so it is forgiven while there are retries',
  },
  refused: {
    what: 'refused: above the last stream of a GOAWAY with an error, or REFUSED_STREAM before the whole request had left',
    ...always('retry-once-elsewhere'),
    acted: false,
    code: 'upstream_transport',
    why: 'a proof; refused on another connection too, a third would not help',
  },
  'refused-whole': {
    what: 'REFUSED_STREAM after the whole request had left',
    ...uploads('retry-once-elsewhere', 'trustRefusedStream'),
    acted: true,
    code: 'upstream_transport',
    why: 'a proof between two ends, none through a proxy: HAProxy 2.6 says it when its origin did the work',
  },
  'http1-required': {
    what: 'HTTP/1.1 required: by ALPN, or HTTP_1_1_REQUIRED before the whole request had left',
    ...always('other-protocol'),
    acted: false,
    code: 'upstream_transport',
    why: 'nothing was done, and the other protocol is known to work',
  },
  'http1-required-whole': {
    what: 'HTTP_1_1_REQUIRED after the whole request had left',
    ...uploads('other-protocol', 'billableRetryUnknown'),
    acted: true,
    code: 'upstream_transport',
    why: 'no proof: a proxy may say it when its origin did the work',
  },
  unknown: {
    what: 'unknown: reset, protocol error, timeout, GOAWAY at or below the last stream',
    ...uploads('retry-elsewhere', 'billableRetryUnknown'),
    acted: true,
    code: 'upstream_transport',
    why: 'no proof either way',
  },
  truncated: {
    what: 'the answer began and broke off, or an upload was answered before it had left whole',
    ...uploads('retry-elsewhere'),
    acted: true,
    code: 'upstream_transport',
    why: 'the work was done and paid for',
  },
  unauthorized: {
    what: '401',
    ...always('other-credential'),
    acted: false,
    code: 'upstream_status',
    why: 'the same key would be refused again',
  },
  forbidden: {
    what: '403',
    ...always('second-opinion'),
    acted: false,
    code: 'upstream_status',
    why: 'it may be the key; when a second one is refused too, it is the request',
  },
  'rate-limited-until': {
    what: '429 with Retry-After',
    ...always('wait-as-told'),
    acted: false,
    code: 'upstream_status',
    why: 'a rate limit declines the request',
  },
  'rate-limited': {
    what: '429',
    ...always('wait-with-jitter'),
    acted: false,
    code: 'upstream_status',
    why: 'a rate limit declines the request; at once would be too soon',
  },
  'unavailable-until': {
    what: '503 with Retry-After',
    ...always('wait-as-told'),
    acted: false,
    code: 'upstream_status',
    why: 'an upstream that says when to come back has declined the request',
  },
  'unavailable-doubtful': {
    what: '503 with Retry-After, where `trustUnavailable` is off',
    ...uploads('wait-as-told', 'billableRetryStatusCodes'),
    acted: true,
    code: 'upstream_status',
    why: 'Varnish says it also when the connection behind it broke after the work',
  },
  'request-timeout': {
    what: '408',
    ...uploads('retry', 'billableRetryStatusCodes'),
    acted: true,
    code: 'upstream_status',
    why: 'it should mean that the request came too slowly; some say it when their own work took too long',
  },
  'too-early': {
    what: '425; another status below 500 only where it is configured',
    ...uploads('retry', 'billableRetryStatusCodes'),
    acted: false,
    code: 'upstream_status',
    why: 'nothing was processed (RFC 8470 section 5.2); another attempt may be in time',
  },
  'server-error': {
    what: '500, 502, 504, 503 without Retry-After; another 5xx only where it is configured',
    ...uploads('retry', 'billableRetryStatusCodes'),
    acted: true,
    code: 'upstream_status',
    why: 'proxies say it when the connection behind them broke in the middle of a request',
  },
  'final-status': {
    what: 'any other status from 300 to 499',
    ...always('give-up'),
    acted: false,
    code: 'upstream_status',
    why: 'the same request would get the same answer',
  },
  oversized: {
    what: 'an answer longer than the caller takes',
    ...always('give-up'),
    acted: true,
    code: 'upstream_bad_answer',
    why: 'it would be as long again',
  },
  'untrusted-certificate': {
    what: 'an untrusted certificate, or one of another name',
    ...always('give-up'),
    acted: false,
    code: 'upstream_transport',
    why: 'it will be refused again, and must never be worked around',
  },
  'invalid-request': {
    what: 'the request cannot be sent as it is, such as with a header that HTTP does not allow',
    ...always('give-up'),
    acted: false,
    code: 'invalid_request',
    why: 'it would fail on every connection',
  },
  overloaded: {
    what: 'too many requests wait for a connection, or the transport is closed',
    ...always('give-up'),
    acted: false,
    code: 'overloaded',
    why: 'it is our own load',
  },
  'closed-under-way': {
    what: 'the transport was closed while the request was under way',
    ...always('give-up'),
    acted: true,
    code: 'overloaded',
    why: 'there is nothing left to send it with',
  },
  'body-source': {
    what: 'the body to send cannot be read',
    ...always('give-up'),
    acted: false,
    code: 'body_source',
    why: 'the upstream saw a reset instead of the end of the body: there was nothing whole to act upon',
  },
  aborted: {
    what: 'the caller aborted before anything was sent',
    ...always('give-up'),
    acted: false,
    code: 'aborted',
    why: 'nobody waits for it',
  },
  'aborted-under-way': {
    what: 'the caller aborted while the request was under way',
    ...always('give-up'),
    acted: true,
    code: 'aborted',
    why: 'nobody waits for it',
  },
};
