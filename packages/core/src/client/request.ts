/** The words in which a caller states one logical request, hears about its attempts, and gets its answer or failure. */
import type { CredentialSource } from '../credential/credential.ts';
import type { RequestBody } from '../transport/request-body.ts';
import type { AttemptLimits, Exchange, Phase, Transport, TransportRequest } from '../transport/transport.ts';
import type { Delivery, H2ErrorName, TransportErrorKind } from '../transport/transport-error.ts';

/** Whether sending a request twice does harm. Decides what may be resent when the outcome is unknown. */
export type Safety =
  /** A second copy costs time only: an upload, a GET. */
  | 'repeatable'
  /** A second copy costs money: resent only when the upstream provably did nothing. */
  | 'billable';

/** The two ways connections may be used; a request's `reuseSession` picks one, in one place. */
export interface TransportChoice {
  /** One request a connection (`reuse_session = false`). */
  readonly isolated: Transport;
  /** Shared connections (`reuse_session = true`). */
  readonly shared: Transport;
}

export interface LogicalRequest {
  readonly method: TransportRequest['method'];
  readonly url: URL;
  /** Lower-case names, without `authorization`: that comes from `credential`. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: RequestBody;
  readonly safety: Safety;
  readonly credential?: CredentialSource;
  /** Default false: a connection of its own. */
  readonly reuseSession?: boolean;
  readonly signal?: AbortSignal;
  /** Parts of `DEFAULT_ATTEMPT_LIMITS` to replace. */
  readonly limits?: Partial<AttemptLimits>;
  /** Milliseconds for everything, waits included. Default none beyond the retry policy's own. */
  readonly deadlineMs?: number;
  /** A longer answer fails the request. Bytes; default 64 MiB. */
  readonly maxResponseBytes?: number;
  /**
   * An answer below 300 counts only if the whole request had left by then (`Exchange.requestComplete`): an upstream that answers a part
   * of a file has no file. Otherwise the attempt counts as one whose answer broke off. Default false; `open()` does not look.
   */
  readonly needsWholeRequest?: boolean;
  /** What log lines call this request, such as `upload` or `edit`. */
  readonly label: string;
  /**
   * The header in which retries tell their number, from 1, such as `x-stainless-retry-count`. Only for upstreams that are known
   * to take it; default none, and never on the first attempt.
   */
  readonly attemptHeader?: string;
  /** Fields put on every log line about this request, such as a request id. Never a secret. */
  readonly logFields?: Readonly<Record<string, unknown>>;
  /** Hears every attempt. Must not throw. */
  onEvent?(event: RequestEvent): void;
}

/** One attempt as it is kept for logs, answers and pages. Holds no secret and no body. */
export interface AttemptRecord {
  /** From 1. */
  readonly attempt: number;
  /** Milliseconds since the Unix epoch. */
  readonly startedAt: number;
  readonly durationMs: number;
  /** How long the request waited before this attempt, for back-off or for a credential. Milliseconds. */
  readonly delayMs: number;
  /** Where it ended: `body` for a whole answer. */
  readonly phase: Phase;
  /** Whether the upstream can have acted on it: `answered` for an answer of any status. */
  readonly delivery: Delivery;
  /** The upstream's status, when it answered. */
  readonly status?: number;
  /** Why the attempt failed, when it got no whole answer. */
  readonly error?: AttemptError;
  readonly exchange: Exchange;
  /** The credential's alias, never its secret. */
  readonly credential?: string;
}

export interface AttemptError {
  readonly kind: TransportErrorKind;
  readonly phase: Phase;
  readonly delivery: Delivery;
  readonly h2Code?: H2ErrorName;
  readonly message: string;
}

/** What happens to a logical request, as it happens. A closed set. */
export type RequestEvent =
  | { readonly type: 'attempt-started'; readonly attempt: number }
  | {
      readonly type: 'bytes-sent';
      readonly attempt: number;
      readonly bytesSent: number;
      /** The whole body's length, when known. */
      readonly byteLength?: number;
    }
  | { readonly type: 'attempt-ended'; readonly record: AttemptRecord }
  /** Every credential rests: the next attempt begins when one is ready. */
  | { readonly type: 'credential-wait'; readonly waitMs: number }
  | {
      readonly type: 'retry';
      /** From 1. */
      readonly retry: number;
      readonly maxRetries: number;
      /** The status that stands for the failure: the upstream's, or 502 for a transport failure. */
      readonly status: number;
      readonly waitMs: number;
      /** In words for people, such as `stream reset by the upstream (PROTOCOL_ERROR)`. */
      readonly reason: string;
    };

/** A whole answer with a status below 300, its body in memory. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes: Uint8Array;
  /** The body as UTF-8. */
  text(): string;
  /**
   * The body as JSON; still to be validated.
   * @throws RequestFailure with code `upstream_bad_answer` when it is not JSON.
   */
  json(): unknown;
  readonly attempts: readonly AttemptRecord[];
  readonly exchange: Exchange;
}

/** An answer with a status below 300 whose body may still be on its way. */
export interface OpenAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Iterate it once. Throws `TransportError` when it breaks off. */
  readonly body: AsyncIterable<Uint8Array>;
  readonly attempts: readonly AttemptRecord[];
}

/** Why a logical request was given up. A closed set. */
export type FailureCode =
  /** The upstream answered with a status that is final, or still the same after the retries. */
  | 'upstream_status'
  /** No whole answer, and the upstream has provably not acted, or the request is harmless to repeat. */
  | 'upstream_transport'
  /** No whole answer, and the upstream may have acted on a billable request. Do not resend. */
  | 'upstream_unknown_outcome'
  /** An answer that does not have the shape it should have. */
  | 'upstream_bad_answer'
  /** Our own deadline. */
  | 'deadline_exceeded'
  /** The caller's signal. */
  | 'aborted'
  /** A retry was due and the body can be sent only once. */
  | 'body_not_replayable'
  /** Reading the body to send failed: the caller's side, not the upstream's. */
  | 'body_source'
  /** It cannot be sent as it is, such as with a header that HTTP does not allow. */
  | 'invalid_request'
  /** Too many requests wait for a place, or the transport is closed. */
  | 'overloaded'
  /** Every credential rests, for longer than the request may wait: 429 when they are limited, 503 when they are refused. */
  | 'credentials_resting';

export interface FailureFields {
  readonly code: FailureCode;
  readonly status: number;
  readonly attempts: readonly AttemptRecord[];
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly excerpt?: string | undefined;
  readonly retryAfterMs?: number | undefined;
  /** Default false, and true for `upstream_unknown_outcome` in any case. */
  readonly outcomeUnknown?: boolean;
  readonly body?: Uint8Array | undefined;
  readonly cause?: unknown;
}

const BRAND = Symbol.for('ferry.RequestFailure');

/** The only error a logical request rejects with. */
export class RequestFailure extends Error {
  override readonly name: string = 'RequestFailure';
  readonly code: FailureCode;
  /** The upstream's status for `upstream_status`; otherwise the one a gateway answers with: 429, 499, 502, 503 or 504. */
  readonly status: number;
  readonly attempts: readonly AttemptRecord[];
  /** The upstream's headers for `upstream_status`. */
  readonly headers: Readonly<Record<string, string>> | undefined;
  /** At most 2 KiB of the upstream's error body as text, for `upstream_status` and `upstream_bad_answer`. */
  readonly excerpt: string | undefined;
  /** When to come back, in milliseconds: as the upstream asked, or when a credential is ready again. */
  readonly retryAfterMs: number | undefined;
  /**
   * Whether the upstream may have acted on a billable request, whatever the code: our deadline or a 502 can come after the
   * work was done. A gateway then tells its caller not to resend.
   */
  readonly outcomeUnknown: boolean;
  /** Not a property: whoever prints or logs the error must not print a body. */
  readonly #body: Uint8Array | undefined;

  constructor(message: string, fields: FailureFields) {
    super(message, fields.cause === undefined ? undefined : { cause: fields.cause });
    Object.defineProperty(this, BRAND, { value: true });
    this.code = fields.code;
    this.status = fields.status;
    this.attempts = fields.attempts;
    this.headers = fields.headers;
    this.excerpt = fields.excerpt;
    this.retryAfterMs = fields.retryAfterMs;
    this.outcomeUnknown = fields.outcomeUnknown === true || fields.code === 'upstream_unknown_outcome';
    this.#body = fields.body;
  }

  /** At most 64 KiB of the upstream's answer as it came, for `upstream_status`. */
  answerBody(): Uint8Array | undefined {
    return this.#body;
  }

  static is(value: unknown): value is RequestFailure {
    return typeof value === 'object' && value !== null && BRAND in value;
  }
}
