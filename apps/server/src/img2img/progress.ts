/** What callers who listen hear of a request, as it happens. Names and fields are the wire's. */
import type { AttemptRecord, RequestEvent, UploadResult } from '@ferry/core';
import type { ErrorBody } from '../errors/error-body.ts';
import type { Img2ImgAnswer } from './answer.ts';
import { type AttemptView, attemptView, type ConnectionView, connectionView } from './attempt-view.ts';

/** What happens to one call of the upstream. */
export type CallEvent =
  | { readonly type: 'attempt_started'; readonly attempt: number }
  | {
      readonly type: 'bytes_sent';
      readonly attempt: number;
      readonly bytes_sent: number;
      readonly bytes_total: number | null;
    }
  | {
      readonly type: 'retry';
      readonly retry: number;
      readonly max_retries: number;
      readonly status: number;
      readonly wait_ms: number;
      readonly reason: string;
    }
  /** Every key of the upstream is at the limit of its rate: the next attempt begins when one is ready. */
  | { readonly type: 'credential_wait'; readonly wait_ms: number }
  | { readonly type: 'attempt_ended'; readonly attempt: AttemptView };

export interface UploadedEvent {
  readonly type: 'uploaded';
  readonly file_id: string;
  readonly file_uri: string;
  readonly bytes: number;
  readonly attempts: number;
  readonly connection: ConnectionView | null;
  readonly duration_ms: number;
  /** The part of it after the image was whole here. */
  readonly upstream_ms: number;
}

/** There is no upload: the request of the edit, which begins now, carries the image. */
interface InsideEditEvent {
  readonly type: 'inside_edit';
  readonly bytes: number;
}

/** The server-sent events by name. A closed set. */
export type ProgressEvent =
  | { readonly event: 'accepted'; readonly data: { readonly request_id: string } }
  | {
      readonly event: 'image';
      readonly data: { readonly index: number; readonly filename: string; readonly bytes: number };
    }
  | {
      readonly event: 'upload';
      readonly data: { readonly index: number; readonly filename: string } & (
        | CallEvent
        | UploadedEvent
        | InsideEditEvent
      );
    }
  | { readonly event: 'edit'; readonly data: CallEvent }
  /** What follows is the result of an earlier request, and nothing was done for this one. */
  | { readonly event: 'replayed'; readonly data: Readonly<Record<string, never>> }
  | { readonly event: 'result'; readonly data: Img2ImgAnswer }
  | { readonly event: 'failed'; readonly data: { readonly status: number } & ErrorBody };

/** Hears progress. Must not throw. */
export type Listener = (event: ProgressEvent) => void;

export function callEvent(event: RequestEvent): CallEvent {
  switch (event.type) {
    case 'attempt-started':
      return { type: 'attempt_started', attempt: event.attempt };
    case 'bytes-sent':
      return {
        type: 'bytes_sent',
        attempt: event.attempt,
        bytes_sent: event.bytesSent,
        bytes_total: event.byteLength ?? null,
      };
    case 'credential-wait':
      return { type: 'credential_wait', wait_ms: Math.round(event.waitMs) };
    case 'attempt-ended':
      return { type: 'attempt_ended', attempt: attemptView(event.record satisfies AttemptRecord) };
    case 'retry':
      return {
        type: 'retry',
        retry: event.retry,
        max_retries: event.maxRetries,
        status: event.status,
        wait_ms: Math.round(event.waitMs),
        reason: event.reason,
      };
    default:
      return event satisfies never;
  }
}

export function uploadedEvent(result: UploadResult): UploadedEvent {
  return {
    type: 'uploaded',
    file_id: result.fileId,
    file_uri: result.fileUri,
    bytes: result.bytes,
    attempts: result.attempts.length,
    connection: connectionView(result.exchange),
    duration_ms: Math.round(result.durationMs),
    upstream_ms: Math.round(result.upstreamMs),
  };
}
