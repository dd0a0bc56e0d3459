/** An upload and the edit it was for, or an edit by itself, as a journey. Pure. */
import type { CallProgress, EditProgress } from '../journey/progress.ts';
import { imageJourney, type JourneyShape } from '../journey/shape.ts';
import { formatCount } from '../ui/figures.ts';
import type { Call } from './status-api.ts';

/** Its images are inside it, or had been uploaded before: the way to the upstream is its own. */
export function editJourney(edit: Call): JourneyShape {
  const bytes = edit.imagesInside?.bytes ?? edit.bytes ?? edit.bytesTotal ?? 0;
  const progress: EditProgress = {
    outcome: OUTCOMES[edit.state],
    bytesSent: bytes,
    bytesTotal: bytes,
    images: [
      {
        name: editName(edit),
        bytes,
        received: true,
        inside: edit.imagesInside !== null,
        upload: { ...progressOf(undefined, 0), status: 'done' },
      },
    ],
    edit: progressOf(edit, 0),
    retries: retries(edit),
    durationMs: edit.durationMs,
    endedOn: 'edit',
  };
  return imageJourney(progress, 0);
}

/** An edit has no file of its own. */
export function editName({ imagesInside }: Call): string {
  return imagesInside === null ? 'uploaded images' : formatCount(imagesInside.count, 'image');
}

export function callJourney(upload: Call, edit: Call | undefined): JourneyShape {
  const bytes = upload.bytes ?? upload.bytesTotal ?? 0;
  const ended = edit?.state ?? (upload.state === 'ok' ? 'running' : upload.state);
  const progress: EditProgress = {
    outcome: OUTCOMES[ended],
    bytesSent: bytes,
    bytesTotal: bytes,
    images: [
      {
        name: upload.filename ?? 'image',
        bytes,
        received: upload.bytes !== null,
        inside: false,
        upload: progressOf(upload, 0),
      },
    ],
    edit: edit === undefined ? progressOf(undefined, 0) : progressOf(edit, upload.attempts.length),
    retries: retries(upload) + (edit === undefined ? 0 : retries(edit)),
    durationMs: edit?.durationMs ?? null,
    endedOn: upload.state === 'ok' ? 'edit' : 'upload',
  };
  return imageJourney(progress, 0);
}

const OUTCOMES = {
  running: 'running',
  ok: 'done',
  failed: 'failed',
  aborted: 'cancelled',
} as const satisfies Record<Call['state'], EditProgress['outcome']>;

export const retries = ({ attempts, runningAttempt }: Call): number =>
  Math.max(attempts.length, runningAttempt ?? 0, 1) - 1;

/** @param before retries of the same journey that come before these. */
function progressOf(call: Call | undefined, before: number): CallProgress {
  const attempts = call?.attempts ?? [];
  const total = call?.bytesTotal ?? call?.bytes ?? null;
  return {
    status: call === undefined ? 'waiting' : statusOf(call),
    attempt: call?.runningAttempt ?? attempts.length,
    bytesSent: call?.bytesSent ?? 0,
    bytesTotal: total,
    retries: Array.from({ length: call === undefined ? 0 : retries(call) }, (_, i) => ({
      retry: i + 1,
      maxRetries: 0,
      status: attempts[i]?.status ?? null,
      waitMs: attempts[i + 1]?.delayMs ?? 0,
      reason: '',
      at: total ? Math.min(1, (attempts[i]?.bytesSent ?? 0) / total) : 0,
      order: before + i + 1,
    })),
    attempts,
    connection: attempts.at(-1)?.connection ?? null,
    durationMs: call?.durationMs ?? null,
  };
}

function statusOf({ state, runningAttempt, attempts }: Call): CallProgress['status'] {
  switch (state) {
    case 'running':
      return runningAttempt === null && attempts.length > 0 ? 'pausing' : 'moving';
    case 'ok':
      return 'done';
    case 'failed':
      return 'failed';
    case 'aborted':
      return 'stopped';
    default:
      return state satisfies never;
  }
}
