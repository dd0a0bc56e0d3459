/** An upload or an edit as the admin API shows it. Names and fields are the wire's. */
import type { RecentCall } from './recent-calls.ts';
import type { AttemptEnded } from './telemetry-event.ts';

/** Tenths of a millisecond: what a clock can say, and short to read. */
const tenths = (ms: number): number => Math.round(ms * 10) / 10;

export interface EndedAttemptView {
  readonly attempt: number;
  /** Milliseconds since the Unix epoch. */
  readonly started_at: number;
  readonly delay_ms: number;
  readonly duration_ms: number;
  readonly error_type: string;
  readonly status: number | null;
  readonly error: {
    readonly kind: string;
    readonly phase: string;
    readonly delivery: string;
    readonly h2_code: string | null;
    readonly message: string;
  } | null;
  readonly connection: {
    readonly id: string;
    readonly protocol: string | null;
    readonly reuse: string;
  } | null;
  readonly phase_ms: Readonly<Record<string, number>>;
  readonly bytes_sent: number;
  readonly bytes_received: number;
  readonly credential: string | null;
}

export interface CallView {
  readonly id: string;
  readonly operation: string;
  readonly request_id: string;
  readonly provider: string;
  readonly filename: string | null;
  readonly model: string | null;
  /** The images inside an edit's own request; null for an edit that names files, and for an upload. */
  readonly images_inside: { readonly count: number; readonly bytes: number } | null;
  readonly reuse_session: boolean;
  /** `running`, `ok`, `failed` or `aborted`. */
  readonly state: string;
  /** Milliseconds since the Unix epoch. */
  readonly started_at: number;
  readonly ended_at: number | null;
  readonly duration_ms: number | null;
  readonly upstream_ms: number | null;
  readonly bytes: number | null;
  readonly bytes_sent: number;
  readonly bytes_total: number | null;
  readonly running_attempt: number | null;
  readonly attempts: readonly EndedAttemptView[];
  readonly error: { readonly code: string; readonly message: string } | null;
}

export function callView(call: RecentCall): CallView {
  const { ended } = call;
  return {
    id: call.callId,
    operation: call.operation,
    request_id: call.requestId,
    provider: call.provider,
    filename: call.filename ?? null,
    model: call.model ?? null,
    images_inside: call.images === undefined ? null : { ...call.images },
    reuse_session: call.use === 'shared',
    state: call.state,
    started_at: call.startedAt,
    ended_at: ended?.at ?? null,
    duration_ms: ended === undefined ? null : tenths(ended.durationMs),
    upstream_ms: ended === undefined ? null : tenths(ended.upstreamMs),
    bytes: call.bytes ?? null,
    bytes_sent: call.bytesSent,
    bytes_total: call.bytesTotal ?? null,
    running_attempt: call.running?.attempt ?? null,
    attempts: call.attempts.map(endedAttemptView),
    error: ended?.failure === undefined ? null : { ...ended.failure },
  };
}

function endedAttemptView(ended: AttemptEnded): EndedAttemptView {
  const { failure, connection } = ended;
  return {
    attempt: ended.attempt,
    started_at: ended.startedAt,
    delay_ms: tenths(ended.delayMs),
    duration_ms: tenths(ended.durationMs),
    error_type: ended.errorType,
    status: ended.status ?? null,
    error:
      failure === undefined
        ? null
        : {
            kind: failure.kind,
            phase: failure.phase,
            delivery: failure.delivery,
            h2_code: failure.h2Code ?? null,
            message: failure.message,
          },
    connection:
      connection === undefined
        ? null
        : { id: connection.id, protocol: connection.protocol ?? null, reuse: connection.reuse },
    phase_ms: Object.fromEntries(Object.entries(ended.phaseMs).map(([phase, ms]) => [phase, tenths(ms)])),
    bytes_sent: ended.bytesSent,
    bytes_received: ended.bytesReceived,
    credential: ended.credential ?? null,
  };
}
