/** The state of one edit as a reducer over what is heard of it. Plain data: it survives a reload as JSON. */
import type { EditSignal } from '../api/edit-request.ts';
import type { AttemptView, CallEvent, ConnectionView, Failure } from '../api/wire.ts';

export interface RetryMark {
  /** From 1: retry n follows attempt n. */
  readonly retry: number;
  readonly maxRetries: number;
  readonly status: number | null;
  readonly waitMs: number;
  readonly reason: string;
  /** How far along its stretch the attempt had come, 0 to 1. */
  readonly at: number;
  /** Position among all retries of the edit, from 1. */
  readonly order: number;
}

/** One logical request between Ferry and the upstream. */
export interface CallProgress {
  readonly status: 'waiting' | 'moving' | 'pausing' | 'done' | 'failed' | 'stopped';
  /** The running or last attempt, from 1; 0 before the first. */
  readonly attempt: number;
  readonly bytesSent: number;
  readonly bytesTotal: number | null;
  readonly retries: readonly RetryMark[];
  readonly attempts: readonly AttemptView[];
  readonly connection: ConnectionView | null;
  readonly durationMs: number | null;
  /** How long it waits for a key of the upstream; absent while it does not. */
  readonly keyWaitMs?: number;
}

export interface ImageProgress {
  readonly name: string;
  readonly bytes: number;
  /** Whether Ferry has it whole and checked. */
  readonly received: boolean;
  /** Whether the edit's own request carries it: then `upload` is its part of that, and the attempts are the edit's. */
  readonly inside: boolean;
  readonly upload: CallProgress;
}

export type Stop = 'send' | 'upload' | 'edit';

export interface EditProgress {
  readonly outcome: 'running' | 'done' | 'failed' | 'cancelled';
  readonly bytesSent: number;
  readonly bytesTotal: number;
  readonly images: readonly ImageProgress[];
  readonly edit: CallProgress;
  readonly retries: number;
  readonly durationMs: number | null;
  /** The stretch on which it ended, when it did not arrive. */
  readonly endedOn: Stop | null;
}

export type ProgressSignal = EditSignal | { readonly event: 'cancelled' };

const NEW_CALL: CallProgress = {
  status: 'waiting',
  attempt: 0,
  bytesSent: 0,
  bytesTotal: null,
  retries: [],
  attempts: [],
  connection: null,
  durationMs: null,
};

export function newProgress(images: readonly { name: string; bytes: number }[]): EditProgress {
  return {
    outcome: 'running',
    bytesSent: 0,
    bytesTotal: images.reduce((sum, image) => sum + image.bytes, 0),
    images: images.map(({ name, bytes }) => ({
      name,
      bytes,
      received: false,
      inside: false,
      upload: NEW_CALL,
    })),
    edit: NEW_CALL,
    retries: 0,
    durationMs: null,
    endedOn: null,
  };
}

export function advance(progress: EditProgress, signal: ProgressSignal): EditProgress {
  if (progress.outcome !== 'running') return progress;
  switch (signal.event) {
    case 'sent':
      return { ...progress, bytesSent: signal.bytes, bytesTotal: signal.total };
    case 'accepted':
      return progress;
    case 'image':
      return withImage(progress, signal.index, (image) => ({ ...image, received: true }));
    case 'upload': {
      const next = withImage(progress, signal.index, (image) => ({
        ...image,
        upload: advanceCall(image.upload, signal.call, progress.retries + 1, image.bytes),
      }));
      return countRetry(next, signal.call);
    }
    case 'inside_edit':
      return withImage(progress, signal.index, (image) => ({ ...image, inside: true }));
    case 'edit': {
      const edit = advanceCall(progress.edit, signal.call, progress.retries + 1, 0);
      const images = progress.images.map((image) =>
        image.inside ? { ...image, upload: carriedBy(edit) } : image,
      );
      return countRetry({ ...progress, edit, images }, signal.call);
    }
    case 'result':
      return arrived(progress, signal.result.durationMs);
    case 'failed':
      return ended(progress, 'failed', signal.failure);
    case 'cancelled':
      return ended(progress, 'cancelled');
  }
}

/** The way of an image inside the edit. It has arrived when the edit is answered: nothing else confirms it. */
function carriedBy({ status, bytesSent, bytesTotal, connection }: CallProgress): CallProgress {
  return { ...NEW_CALL, status, bytesSent, bytesTotal, connection };
}

function withImage(
  progress: EditProgress,
  index: number,
  change: (image: ImageProgress) => ImageProgress,
): EditProgress {
  const images = progress.images.map((image, i) => (i === index ? change(image) : image));
  return { ...progress, images };
}

const countRetry = (progress: EditProgress, call: CallEvent): EditProgress =>
  call.type === 'retry' ? { ...progress, retries: progress.retries + 1 } : progress;

function advanceCall(call: CallProgress, event: CallEvent, order: number, size: number): CallProgress {
  switch (event.type) {
    case 'attempt_started': {
      const { keyWaitMs: _over, ...rest } = call;
      return { ...rest, status: 'moving', attempt: event.attempt, bytesSent: 0 };
    }
    case 'credential_wait':
      return { ...call, status: 'pausing', keyWaitMs: event.waitMs };
    case 'bytes_sent':
      return { ...call, status: 'moving', bytesSent: event.bytesSent, bytesTotal: event.bytesTotal };
    case 'retry': {
      const { retry, maxRetries, status, waitMs, reason } = event;
      const mark = { retry, maxRetries, status, waitMs, reason, at: sentShare(call, size), order };
      return { ...call, status: 'pausing', retries: [...call.retries, mark] };
    }
    case 'attempt_ended': {
      const attempts = [...call.attempts.filter((a) => a.attempt !== event.attempt.attempt), event.attempt];
      const { status, error, connection } = event.attempt;
      const good = error === null && status !== null && status < 400;
      return {
        ...call,
        attempts,
        connection: connection ?? call.connection,
        durationMs: good ? spent(attempts, call.retries) : call.durationMs,
        status: good ? 'done' : call.status,
      };
    }
    case 'uploaded':
      return {
        ...call,
        status: 'done',
        connection: event.connection ?? call.connection,
        durationMs: event.durationMs,
      };
  }
}

/** What the person waited for: every attempt and every pause between them. */
function spent(attempts: readonly AttemptView[], retries: readonly RetryMark[]): number {
  const working = attempts.reduce((sum, attempt) => sum + attempt.durationMs, 0);
  return retries.reduce((sum, retry) => sum + retry.waitMs, working);
}

/** The share of a body that an attempt has handed to its connection. `size` stands in when no total is known. */
export function sentShare(call: CallProgress, size: number): number {
  const total = call.bytesTotal ?? size;
  return total > 0 ? Math.min(1, call.bytesSent / total) : 0;
}

function arrived(progress: EditProgress, durationMs: number): EditProgress {
  return {
    ...progress,
    outcome: 'done',
    bytesSent: progress.bytesTotal,
    images: progress.images.map((image) => ({
      ...image,
      received: true,
      upload: { ...image.upload, status: 'done' },
    })),
    edit: { ...progress.edit, status: 'done' },
    durationMs,
  };
}

function ended(progress: EditProgress, outcome: 'failed' | 'cancelled', failure?: Failure): EditProgress {
  const endedOn = lastStop(progress, failure);
  const status = outcome === 'failed' ? 'failed' : 'stopped';
  const settle = (call: CallProgress, here: boolean): CallProgress => {
    if (call.status === 'done') return call;
    // The attempts on the failure are the whole story when the stream's own were cut off.
    const attempts = here && call.attempts.length === 0 ? (failure?.attempts ?? []) : call.attempts;
    if (call.status === 'waiting' && !here) return call;
    const connection = attempts.at(-1)?.connection ?? call.connection;
    return { ...call, attempts, connection, status: here ? status : 'stopped' };
  };
  const stuck = progress.images.filter((image) => image.upload.status !== 'done');
  return {
    ...progress,
    outcome,
    endedOn,
    images: progress.images.map((image) => {
      // With several uploads under way, the one that failed is the one whose last attempt did.
      const failedItself = image.upload.attempts.at(-1)?.error != null || lastStatus(image.upload) >= 400;
      const here =
        endedOn === 'upload' && image.upload.status !== 'waiting' && (failedItself || stuck.length === 1);
      return { ...image, upload: settle(image.upload, here) };
    }),
    edit: settle(progress.edit, endedOn === 'edit'),
  };
}

const lastStatus = (call: CallProgress): number => call.attempts.at(-1)?.status ?? 0;

/** Where it ended: behind the last call that began, unless Ferry refused what it was still being sent. */
function lastStop(progress: EditProgress, failure?: Failure): Stop {
  if (progress.edit.status !== 'waiting') return 'edit';
  const refused = failure !== undefined && [400, 401, 403, 413, 415, 422].includes(failure.status);
  const incomplete = progress.images.some((image) => !image.received);
  const begun = progress.images.some((image) => image.upload.status !== 'waiting');
  if (!begun || (refused && incomplete)) return 'send';
  return 'upload';
}
