/**
 * The transport contract: how one HTTP request travels once.
 *
 * One `send()` is at most one request on the wire. A transport never retries, redirects or resends; it reports exactly
 * what happened, and the retry engine is the only loop. Times are milliseconds and sizes are bytes everywhere.
 */
import type { RequestBody } from './request-body.ts';

/** A request as it goes on the wire. */
export interface TransportRequest {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** `https:` or `http:`; its origin selects the connection. */
  readonly url: URL;
  /** Lower-case names. A transport adds only what its protocol requires (`host`, `:authority`, framing). */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: RequestBody;
}

/** How long each part of one attempt may take, in milliseconds. The transport enforces them with its own clock. */
export interface AttemptLimits {
  /** Wait for a place, DNS, TCP, TLS and the peer's SETTINGS together. */
  readonly connectMs: number;
  /** From the last byte of the request to the response headers. */
  readonly headersMs: number;
  /** The longest silence while a body moves in either direction: no progress, not slow progress. */
  readonly idleMs: number;
  /** From `send()` to the end of the response body. */
  readonly totalMs: number;
}

/** Limits that suit an upload of some megabytes over the public internet. */
export const DEFAULT_ATTEMPT_LIMITS: AttemptLimits = {
  connectMs: 10_000,
  headersMs: 60_000,
  idleMs: 30_000,
  totalMs: 120_000,
};

/** What the caller says about one attempt. */
export interface Attempt {
  readonly signal: AbortSignal;
  readonly limits: AttemptLimits;
  /** Connections this attempt must not use: a refused request is retried on another one. */
  readonly avoidConnections?: ReadonlySet<string>;
  /** Called with the body bytes handed to the protocol so far. Must not throw. */
  onBytesSent?(bytesSent: number): void;
}

/** The part of an exchange in which time passes or a failure happens. */
export type Phase = 'acquire' | 'connect' | 'request' | 'headers' | 'body';

export type Protocol = 'h2' | 'http/1.1';

/** How the connection of an exchange came to be there. */
export type ConnectionOrigin =
  /** Opened for this request, which waited for it. */
  | 'fresh'
  /** Opened ahead of need; this request is its first. */
  | 'prewarmed'
  /** Has carried a request before. */
  | 'reused';

/** The facts of one attempt, as far as they are known. It is on the response and on the error. */
export interface Exchange {
  readonly protocol?: Protocol;
  /** Unique in this process, stable for the life of the connection, safe to log. */
  readonly connectionId?: string;
  readonly connectionOrigin?: ConnectionOrigin;
  /** True when the connection had carried an earlier request (`connectionOrigin` is `reused`). */
  readonly connectionReused: boolean;
  /** Whether the request body was opened: a one-shot body cannot be sent again after that. */
  readonly bodyOpened: boolean;
  /** Body bytes handed to the protocol. */
  readonly bytesSent: number;
  /**
   * Whether the whole request has left: its body's last byte and its end (END_STREAM, the last chunk) are with the socket. Final in
   * `done` and on an error; before that, false may mean not yet. An answer that came without it is to a part of the request.
   */
  readonly requestComplete: boolean;
  /** Body bytes received. */
  readonly bytesReceived: number;
  /** What the peer's HTTP/2 flow control allows, once it has been measured on this connection. */
  readonly flowControl?: {
    /**
     * What may be under way at most, in bytes: the smaller of the peer's initial stream window and of its connection window, as far
     * as that has shown (RFC 9113 section 6.9.2).
     */
    readonly windowBytes: number;
    /** To whoever ends TLS, and so HTTP/2: a load balancer's or a proxy's own distance says nothing of the window. */
    readonly roundTripMs: number;
  };
  /** Milliseconds spent in each phase that was entered. */
  readonly phaseMs: Readonly<Partial<Record<Phase, number>>>;
}

/** An answer. Every status resolves: a 500 is an answer too. */
export interface TransportResponse {
  readonly status: number;
  /** Lower-case names; repeated fields joined by `, ` (RFC 9110 section 5.3), `set-cookie` by a newline. */
  readonly headers: Readonly<Record<string, string>>;
  /**
   * The response body; iterate it once. Throws `TransportError` in phase `body` when it ends without the peer's end
   * of stream or short of its content-length. Leaving the loop early cancels the exchange.
   */
  readonly body: AsyncIterable<Uint8Array>;
  /** The facts known when the headers arrived. */
  readonly exchange: Exchange;
  /** The final facts, once the body has ended, failed or been cancelled. Never rejects. */
  readonly done: Promise<Exchange>;
}

/** A moment's count of a transport's connections. */
export interface TransportStats {
  /** Connections able to take or carrying requests. */
  readonly live: number;
  /** Of those, opened ahead and unused. */
  readonly spare: number;
  /** Being opened. */
  readonly connecting: number;
  /** Finishing their last streams; they take no new request. */
  readonly retired: number;
  /** Requests on the wire. */
  readonly streams: number;
  /** Requests waiting for a place. */
  readonly waiting: number;
}

export interface Transport {
  /** A short name for logs and labels, such as `undici` or `http1`. */
  readonly name: string;
  /**
   * Sends one request once.
   * @throws TransportError and nothing else.
   */
  send(request: TransportRequest, attempt: Attempt): Promise<TransportResponse>;
  /**
   * A request to this origin is likely to come soon: has a connection ready for it, or proves one that has been silent, where the
   * transport's policy lets unused connections stand by, and within its limits. Nothing is sent. Returns at once, never throws, and
   * keeps no process alive; what it opened goes as spares go when no request comes.
   */
  prepare?(origin: URL): void;
  stats(): TransportStats;
  /**
   * Refuses new work, lets running exchanges finish for at most `graceMs` (default 0), destroys the rest. Idempotent.
   * Leaves no socket, timer or listener.
   */
  close(options?: { readonly graceMs?: number }): Promise<void>;
}
