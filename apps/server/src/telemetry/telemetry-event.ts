/**
 * What happens in the gateway, as one closed set of events. Metrics, traces, alerts, the history and the status page are
 * all made from these and from nothing else, so that they cannot contradict each other. No event holds a secret, a prompt
 * or a byte of an image. Times are milliseconds; `at` is milliseconds since the Unix epoch.
 */
import type {
  ConnectionOrigin,
  Delivery,
  FailureCode,
  FallbackReason,
  H2ErrorName,
  OriginState,
  Phase,
  PoolEvent,
  Protocol,
  TransportErrorKind,
} from '@ferry/core';
import type { ErrorType } from './error-type.ts';

/** What a call of an upstream is for. An upload is repeatable, an edit costs money. */
export type Operation = 'upload' | 'edit';

/** How connections of a transport are used: one request each, or shared. */
export type ConnectionUse = 'isolated' | 'shared';

/** Images that an edit's own request carries. */
export interface ImagesInside {
  readonly count: number;
  /** Of the images, without the form around them. */
  readonly bytes: number;
}

interface Happened {
  readonly at: number;
}

/** On every event of a request: events of one request share it, and so do its log lines. */
interface OfRequest extends Happened {
  /** The caller's `x-request-id`, or ours. Two requests under way may carry the same one. */
  readonly requestId: string;
}

/** On every event of a call: one logical upload or edit, with all its attempts. */
export interface CallIdentity {
  /** `upl_...` or `edt_...`, unique. */
  readonly callId: string;
  readonly operation: Operation;
  readonly requestId: string;
  /** The provider's name in the configuration. */
  readonly provider: string;
  /** The upstream's, `https://host:port`. */
  readonly origin: string;
}

interface OfCall extends Happened, CallIdentity {}

/** A request of a caller has arrived; of the ones that lead to an upstream only. */
export interface RequestStarted extends OfRequest {
  readonly type: 'request-started';
  /** Tells requests apart that carry the same id. */
  readonly number: number;
  readonly method: string;
  /** The route as registered, never the address as sent. */
  readonly route: string;
  /** The caller's W3C trace context, as sent. */
  readonly traceparent?: string;
  readonly tracestate?: string;
}

export interface RequestEnded extends OfRequest {
  readonly type: 'request-ended';
  readonly number: number;
  readonly method: string;
  readonly route: string;
  /** 499 when the caller went away before its answer. */
  readonly status: number;
  readonly durationMs: number;
}

export interface CallStarted extends OfCall {
  readonly type: 'call-started';
  /** Of an upload. Chosen by a stranger: show it as text, never use it as a label. */
  readonly filename?: string;
  /** Of an edit, aliases resolved. */
  readonly model?: string;
  /** Of an edit that carries its images, instead of naming files that were uploaded before. */
  readonly images?: ImagesInside;
  readonly use: ConnectionUse;
  /** Of an upload whose image is whole; absent while it still comes in. */
  readonly bytes?: number;
}

export interface AttemptStarted extends OfCall {
  readonly type: 'attempt-started';
  /** From 1. */
  readonly attempt: number;
}

/** Told at most ten times a second an attempt. Counts the whole body, the form around a file included. */
interface BytesSent extends OfCall {
  readonly type: 'bytes-sent';
  readonly attempt: number;
  readonly bytesSent: number;
  readonly bytesTotal?: number;
}

/** The connection of an attempt. */
export interface AttemptConnection {
  readonly id: string;
  readonly protocol?: Protocol;
  readonly reuse: ConnectionOrigin;
}

/** Why an attempt got no whole answer. */
export interface AttemptFailure {
  readonly kind: TransportErrorKind;
  readonly phase: Phase;
  readonly delivery: Delivery;
  /** When the peer sent it. */
  readonly h2Code?: H2ErrorName;
  readonly message: string;
}

export interface AttemptEnded extends OfCall {
  readonly type: 'attempt-ended';
  readonly attempt: number;
  /** When it began, milliseconds since the Unix epoch. */
  readonly startedAt: number;
  readonly durationMs: number;
  /** Waited between the attempt before and this one; 0 for the first. */
  readonly delayMs: number;
  /** `none` for an answer below 300. */
  readonly errorType: ErrorType;
  /** The upstream's, when it answered. */
  readonly status?: number;
  readonly failure?: AttemptFailure;
  readonly connection?: AttemptConnection;
  readonly phaseMs: Readonly<Partial<Record<Phase, number>>>;
  readonly bytesSent: number;
  readonly bytesReceived: number;
  /** The credential's alias. */
  readonly credential?: string;
}

interface RetryPlanned extends OfCall {
  readonly type: 'retry-planned';
  /** From 1. */
  readonly retry: number;
  readonly maxRetries: number;
  readonly waitMs: number;
  /** The upstream's status, or 502 for a transport failure. */
  readonly status: number;
  /** In words for people. */
  readonly reason: string;
}

/**
 * How a call ended. `aborted` says nothing about the upstream: the caller went away, the image was refused or stopped
 * coming, or the call was of no more use.
 */
export type CallOutcome = 'ok' | 'failed' | 'aborted';

export interface CallEnded extends OfCall {
  readonly type: 'call-ended';
  readonly outcome: CallOutcome;
  readonly attempts: number;
  /** Of the image, for an upload; of the request's body, for an edit. */
  readonly bytes: number;
  /** From its start. While an image still comes in, the client's own sending is part of it. */
  readonly durationMs: number;
  /** What it took beyond the client's own sending: from when the image was whole, if that was later than its start. */
  readonly upstreamMs: number;
  /** Why, unless `ok`. */
  readonly failure?: { readonly code: FailureCode | 'input'; readonly message: string };
}

/** An upstream can be asked from now on, or not any more. */
interface UpstreamEvent extends Happened {
  readonly type: 'upstream';
  readonly provider: string;
  readonly change: 'connected' | 'disconnected';
}

/** What happens to one connection. */
export interface ConnectionEvent extends Happened {
  readonly type: 'connection';
  readonly provider: string;
  readonly use: ConnectionUse;
  readonly protocol: Protocol;
  readonly event: PoolEvent;
}

/** An origin's road has changed between HTTP/2 and HTTP/1.1. */
interface FallbackEvent extends Happened {
  readonly type: 'fallback';
  readonly provider: string;
  readonly origin: string;
  readonly road: OriginState['road'];
  readonly reason?: FallbackReason;
  readonly holdMs?: number;
}

/** A key was limited or refused, is tried again, or serves again. A limit that has simply run out is not told of. */
interface CredentialEvent extends Happened {
  readonly type: 'credential';
  readonly provider: string;
  readonly alias: string;
  readonly state: CredentialCondition;
  /** How long it rests; 0 when it is ready. */
  readonly restMs: number;
}

/** `probing`: it was refused, and one request is finding out whether it still is. */
export type CredentialCondition = 'ready' | 'limited' | 'refused' | 'probing';

/** What is waited for: a place for a request, an upload or an edit, or one at a provider of the configuration. */
export type QueueName = 'requests' | 'uploads' | 'edits' | `provider:${string}`;

/** What runs and what waits has changed. */
interface QueueEvent extends Happened {
  readonly type: 'queue';
  readonly queue: QueueName;
  readonly running: number;
  readonly waiting: number;
  /** The most that may run at once. */
  readonly limit: number;
}

/** The process's own alert has changed its state. */
interface AlertEvent extends Happened {
  readonly type: 'alert';
  /** The rule's name. */
  readonly alert: string;
  readonly severity: 'warning' | 'critical';
  readonly state: 'inactive' | 'pending' | 'firing' | 'resolved';
  /** Absent for want of traffic. */
  readonly value?: number;
  readonly threshold: number;
}

export type CallEvent = CallStarted | AttemptStarted | BytesSent | AttemptEnded | RetryPlanned | CallEnded;

export type TelemetryEvent =
  | RequestStarted
  | RequestEnded
  | CallEvent
  | UpstreamEvent
  | ConnectionEvent
  | FallbackEvent
  | CredentialEvent
  | QueueEvent
  | AlertEvent;
