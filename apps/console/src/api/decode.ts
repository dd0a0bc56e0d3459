/**
 * Reads the gateway's JSON. Lenient on purpose: a field that is missing or new must not cost the person their picture,
 * so absent text is empty, absent numbers are 0, and an unknown event is undefined.
 */
import {
  type AttemptErrorView,
  type AttemptView,
  type CallEvent,
  type ConnectionView,
  type ConsoleInfo,
  type EditEvent,
  type EditResult,
  type Failure,
  PHASES,
  type Phase,
  type ResultImage,
  type UploadView,
} from './wire.ts';

type Json = Readonly<Record<string, unknown>>;

const isRecord = (value: unknown): value is Json => typeof value === 'object' && value !== null;
const record = (value: unknown): Json => (isRecord(value) ? value : {});
const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const text = (value: unknown): string =>
  typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '';
const textOrNull = (value: unknown): string | null => (typeof value === 'string' ? value : null);
const count = (value: unknown): number =>
  typeof value === 'number' && Number.isFinite(value) ? Math.max(0, value) : 0;
const countOrNull = (value: unknown): number | null => (typeof value === 'number' ? count(value) : null);

export function decodeConsoleInfo(value: unknown): ConsoleInfo {
  const info = record(value);
  const upstream = record(info.upstream);
  const limits = record(info.limits);
  const upload = record(info.upload);
  const models = list(info.models).map((entry) => {
    const model = record(entry);
    return { id: text(model.id), aliases: list(model.aliases).map(text) };
  });
  return {
    version: text(info.version),
    upstream: { name: text(upstream.name), simulated: upstream.simulated === true },
    models,
    defaultModel: text(info.default_model) || (models[0]?.id ?? ''),
    limits: {
      maxImages: count(limits.max_images) || 16,
      maxFileBytes: count(limits.max_file_bytes) || 20 * 1024 * 1024,
      maxPromptChars: count(limits.max_prompt_chars) || Number.POSITIVE_INFINITY,
      nMax: count(limits.n_max) || 10,
    },
    upload: { reuseSession: upload.reuse_session === true, transport: text(upload.transport) },
  };
}

/** One server-sent event; undefined for a name this page does not know. */
export function decodeEditEvent(name: string, value: unknown): EditEvent | undefined {
  const data = record(value);
  switch (name) {
    case 'accepted':
      return { event: 'accepted', requestId: text(data.request_id) };
    case 'image':
      return { event: 'image', index: count(data.index), bytes: count(data.bytes) };
    case 'upload': {
      if (data.type === 'inside_edit') return { event: 'inside_edit', index: count(data.index) };
      const call = decodeCall(data);
      return call && { event: 'upload', index: count(data.index), call };
    }
    case 'edit': {
      const call = decodeCall(data);
      return call && { event: 'edit', call };
    }
    case 'result':
      return { event: 'result', result: decodeResult(data) };
    case 'failed':
      return { event: 'failed', failure: decodeFailure(count(data.status), data) };
    default:
      return undefined;
  }
}

function decodeCall(data: Json): CallEvent | undefined {
  switch (data.type) {
    case 'attempt_started':
      return { type: 'attempt_started', attempt: count(data.attempt) };
    case 'bytes_sent':
      return {
        type: 'bytes_sent',
        attempt: count(data.attempt),
        bytesSent: count(data.bytes_sent),
        bytesTotal: countOrNull(data.bytes_total),
      };
    case 'retry':
      return {
        type: 'retry',
        retry: count(data.retry),
        maxRetries: count(data.max_retries),
        status: countOrNull(data.status),
        waitMs: count(data.wait_ms),
        reason: text(data.reason),
      };
    case 'credential_wait':
      return { type: 'credential_wait', waitMs: count(data.wait_ms) };
    case 'attempt_ended':
      return { type: 'attempt_ended', attempt: decodeAttempt(data.attempt) };
    case 'uploaded':
      return {
        type: 'uploaded',
        fileId: text(data.file_id),
        bytes: count(data.bytes),
        connection: decodeConnection(data.connection),
        durationMs: count(data.duration_ms),
      };
    default:
      return undefined;
  }
}

export function decodeResult(value: unknown): EditResult {
  const data = record(value);
  return {
    model: text(data.model),
    images: list(data.data).map(decodeImage),
    uploads: list(data.uploads).map(decodeUpload),
    durationMs: count(data.duration_ms),
  };
}

function decodeImage(value: unknown): ResultImage {
  const image = record(value);
  return {
    url: textOrNull(image.url),
    base64: textOrNull(image.b64_json),
    mimeType: text(image.mime_type) || 'image/png',
    revisedPrompt: textOrNull(image.revised_prompt),
  };
}

function decodeUpload(value: unknown): UploadView {
  const upload = record(value);
  return {
    filename: text(upload.filename),
    fileId: text(upload.file_id),
    bytes: count(upload.bytes),
    connection: decodeConnection(upload.connection),
    durationMs: count(upload.duration_ms),
  };
}

/** The gateway's error body, `{ error: { message, type, param, code } }`, with the attempts beside it when there were any. */
export function decodeFailure(status: number, value: unknown): Failure {
  const data = record(value);
  const error = record(data.error);
  const attempts = list(data.attempts).length > 0 ? data.attempts : error.attempts;
  return {
    status,
    message: text(error.message),
    code: text(error.code) || text(error.type),
    param: textOrNull(error.param),
    attempts: list(attempts).map(decodeAttempt),
  };
}

export function decodeAttempt(value: unknown): AttemptView {
  const attempt = record(value);
  const times = record(attempt.phase_ms);
  const phaseMs: Partial<Record<Phase, number>> = {};
  for (const phase of PHASES) {
    const ms = countOrNull(times[phase]);
    if (ms !== null) phaseMs[phase] = ms;
  }
  return {
    attempt: count(attempt.attempt),
    durationMs: count(attempt.duration_ms),
    status: countOrNull(attempt.status),
    error: decodeAttemptError(attempt.error),
    connection: decodeConnection(attempt.connection),
    bytesSent: count(attempt.bytes_sent),
    phaseMs,
  };
}

function decodeAttemptError(value: unknown): AttemptErrorView | null {
  if (!isRecord(value)) return null;
  return {
    kind: text(value.kind),
    phase: text(value.phase),
    delivery: text(value.delivery),
    h2Code: textOrNull(value.h2_code),
    message: text(value.message),
  };
}

function decodeConnection(value: unknown): ConnectionView | null {
  if (!isRecord(value) || text(value.id) === '') return null;
  return {
    id: text(value.id),
    protocol: text(value.protocol),
    reused: value.reused === true,
    // An attempt of the history says `reuse`.
    origin: text(value.origin) || text(value.reuse) || (value.reused === true ? 'reused' : 'fresh'),
  };
}
