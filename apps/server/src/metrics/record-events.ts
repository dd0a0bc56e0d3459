/** Counts what happens. */
import type {
  AttemptEnded,
  CallEnded,
  ConnectionEvent,
  Operation,
  TelemetryEvent,
} from '../telemetry/telemetry-event.ts';
import { clientLabels } from './client-labels.ts';
import type { Instruments } from './instruments.ts';
import { statusLabel } from './status-label.ts';

const NAMES = {
  upload: {
    calls: 'ferry_uploads_total',
    attempts: 'ferry_upload_attempts_total',
    retries: 'ferry_upload_retries',
    duration: 'ferry_upload_duration_seconds',
  },
  edit: {
    calls: 'ferry_edits_total',
    attempts: 'ferry_edit_attempts_total',
    retries: 'ferry_edit_retries',
    duration: 'ferry_edit_duration_seconds',
  },
} as const satisfies Record<Operation, object>;

const OUTCOMES = ['ok', 'failed', 'aborted'] as const;

/** Makes a provider's series visible before anything has happened: a rate needs a first value to begin from. */
function announce(instruments: Instruments, provider: string): void {
  for (const { calls } of Object.values(NAMES)) {
    for (const outcome of OUTCOMES) instruments.add(calls, 0, { provider, outcome });
  }
  instruments.add('ferry_upload_bytes_total', 0, { provider });
}

/** Subscribe it to the stream. */
export function recordEvents(instruments: Instruments): (event: TelemetryEvent) => void {
  return (event) => {
    switch (event.type) {
      case 'call-ended':
        recordCall(instruments, event);
        return;
      case 'attempt-ended':
        recordAttempt(instruments, event);
        return;
      case 'upstream':
        if (event.change === 'connected') announce(instruments, event.provider);
        return;
      case 'connection':
        recordConnection(instruments, event);
        return;
      case 'fallback': {
        const { provider, road, reason = 'none' } = event;
        instruments.add('ferry_fallback_changes_total', 1, { provider, road, reason });
        return;
      }
      case 'credential': {
        const { provider, alias: credential, state } = event;
        instruments.add('ferry_credential_changes_total', 1, { provider, credential, state });
        return;
      }
      case 'request-ended':
        instruments.record('http.server.request.duration', event.durationMs / 1_000, {
          'http.request.method': event.method,
          'http.route': event.route,
          'http.response.status_code': statusLabel(event.status),
        });
        return;
      case 'request-started':
      case 'call-started':
      case 'attempt-started':
      case 'bytes-sent':
      case 'retry-planned':
      case 'queue':
      case 'alert':
        return;
      default:
        event satisfies never;
    }
  };
}

function recordCall(
  instruments: Instruments,
  { operation, provider, outcome, attempts, bytes, upstreamMs }: CallEnded,
): void {
  const { calls, retries, duration } = NAMES[operation];
  instruments.add(calls, 1, { provider, outcome });
  if (outcome === 'aborted') return;
  instruments.record(retries, Math.max(0, attempts - 1), { provider });
  instruments.record(duration, upstreamMs / 1_000, { provider, outcome });
  if (operation === 'upload' && outcome === 'ok')
    instruments.add('ferry_upload_bytes_total', bytes, { provider });
}

function recordAttempt(instruments: Instruments, event: AttemptEnded): void {
  const { operation, provider, origin, connection, errorType, status, durationMs, bytesSent, bytesReceived } =
    event;
  instruments.add(NAMES[operation].attempts, 1, {
    provider,
    protocol: connection?.protocol ?? 'none',
    reuse: connection?.reuse ?? 'none',
    error_type: errorType,
  });
  instruments.add('ferry_sent_bytes_total', bytesSent, { provider, operation });
  instruments.add('ferry_received_bytes_total', bytesReceived, { provider, operation });
  instruments.record('http.client.request.duration', durationMs / 1_000, {
    'http.request.method': 'POST',
    ...clientLabels(origin, connection?.protocol),
    ...(status !== undefined && { 'http.response.status_code': statusLabel(status) }),
    ...(errorType !== 'none' && { 'error.type': errorType }),
  });
}

function recordConnection(instruments: Instruments, { provider, protocol, event }: ConnectionEvent): void {
  switch (event.type) {
    case 'opened':
      instruments.add('ferry_connections_opened_total', 1, {
        provider,
        protocol,
        ahead: String(event.ahead),
      });
      return;
    case 'reused':
      instruments.add('ferry_connections_reused_total', 1, { provider, protocol });
      return;
    case 'retired':
      instruments.add('ferry_connections_retired_total', 1, {
        provider,
        protocol,
        reason: event.reason,
      });
      return;
    case 'closed':
      instruments.record(
        'http.client.connection.duration',
        event.ageMs / 1_000,
        clientLabels(event.origin, protocol),
      );
      return;
    case 'proved':
      return;
    default:
      event satisfies never;
  }
}
