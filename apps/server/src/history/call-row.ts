import { type CallView, callView, type EndedAttemptView } from '../telemetry/call-view.ts';
import type { EndedCall } from './ended-calls.ts';
import { callHistory } from './history.tables.ts';

type CallRow = typeof callHistory.$inferSelect;

/** PostgreSQL's text holds no NUL (manual, 8.3); a stranger's file name may. */
const withoutNul = (text: string): string => text.replaceAll('\0', '\u{FFFD}');

function clean(attempt: EndedAttemptView): EndedAttemptView {
  const { error } = attempt;
  return error === null ? attempt : { ...attempt, error: { ...error, message: withoutNul(error.message) } };
}

export function rowOf(call: EndedCall): CallRow {
  const { filename, model, ended } = call;
  const view = callView(call);
  return {
    id: call.callId,
    operation: call.operation,
    requestId: withoutNul(call.requestId),
    provider: call.provider,
    filename: filename === undefined ? null : withoutNul(filename),
    model: model === undefined ? null : withoutNul(model),
    imagesInside: view.images_inside,
    reuseSession: view.reuse_session,
    outcome: ended.outcome,
    startedAt: new Date(call.startedAt),
    endedAt: new Date(ended.at),
    durationMs: view.duration_ms ?? 0,
    upstreamMs: view.upstream_ms ?? 0,
    bytes: ended.bytes,
    attempts: view.attempts.map(clean),
    errorCode: ended.failure?.code ?? null,
    errorMessage: ended.failure === undefined ? null : withoutNul(ended.failure.message),
  };
}

export function viewOfRow(row: CallRow): CallView {
  const { errorCode, errorMessage, attempts } = row;
  return {
    id: row.id,
    operation: row.operation,
    request_id: row.requestId,
    provider: row.provider,
    filename: row.filename,
    model: row.model,
    images_inside: row.imagesInside,
    reuse_session: row.reuseSession,
    state: row.outcome,
    started_at: row.startedAt.getTime(),
    ended_at: row.endedAt.getTime(),
    duration_ms: row.durationMs,
    upstream_ms: row.upstreamMs,
    bytes: row.bytes,
    bytes_sent: attempts.at(-1)?.bytes_sent ?? 0,
    bytes_total: null,
    running_attempt: null,
    attempts,
    error: errorCode === null ? null : { code: errorCode, message: errorMessage ?? '' },
  };
}
