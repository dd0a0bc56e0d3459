/** What the gateway says of itself. Shapes as it documents them at /docs; times are milliseconds unless a name says seconds. */
import { decodeAttempt } from '../api/decode.ts';
import { ask } from '../api/gateway.ts';
import type { AttemptView } from '../api/wire.ts';

export type AlertState = 'inactive' | 'pending' | 'firing' | 'resolved';

export interface Alert {
  readonly name: string;
  readonly severity: 'warning' | 'critical';
  readonly summary: string;
  readonly state: AlertState;
  readonly since: number | null;
  readonly measure: Measure;
  readonly bad: 'below' | 'above';
  readonly threshold: number;
  readonly min_uploads: number;
}

export type Measure = 'success-rate' | 'average-retries' | 'http2-error-rate' | 'latency-p50' | 'latency-p99';

export interface Figures {
  readonly uploads: number;
  readonly success_rate: number | null;
  readonly average_retries: number | null;
  readonly http2_error_rate: number | null;
  readonly latency_p50_s: number | null;
  readonly latency_p99_s: number | null;
}

export interface Connection {
  readonly id: string;
  readonly provider: string;
  readonly protocol: string;
  readonly state: string;
  readonly uses: number;
  readonly streams: number;
  readonly age_ms: number;
  readonly ahead: boolean | null;
  readonly rtt_ms: number | null;
  readonly proved_at: number | null;
  readonly retire_reason: string | null;
  readonly closed_at: number | null;
}

export interface Transport {
  readonly connections: readonly Connection[];
  readonly closed: readonly Connection[];
  readonly fallback: readonly {
    readonly provider: string;
    readonly origin: string;
    readonly road: string;
    readonly reason: string | null;
    readonly remaining_ms: number | null;
  }[];
  readonly credentials: readonly {
    readonly provider: string;
    readonly alias: string;
    readonly state: string;
    readonly rest_ms: number;
    readonly taken: number;
  }[];
  readonly queues: readonly {
    readonly queue: string;
    readonly running: number;
    readonly waiting: number;
    readonly limit: number;
  }[];
}

interface DrillOffer {
  readonly kind: string;
  readonly title: string;
  readonly what: string;
  readonly look: string;
  readonly seconds: number;
}

interface DrillCount {
  readonly kind: string;
  readonly sent: number;
  readonly arrived: number;
  readonly failed: number;
}

export interface Drill {
  readonly kinds: readonly DrillOffer[];
  readonly running: (DrillCount & { readonly step: string }) | null;
  readonly last:
    | (DrillCount & {
        readonly end: 'finished' | 'stopped' | 'overdue' | 'broken';
        readonly ended_at: number;
      })
    | null;
}

export interface State {
  readonly at: number;
  readonly started_at: number;
  readonly alerts: readonly Alert[];
  readonly figures: Figures;
  readonly window_s: number;
  readonly transport: Transport;
  readonly history: {
    readonly state: 'on' | 'away' | 'off';
    readonly waiting: number;
    readonly dropped: number;
  };
  readonly drill: Drill | null;
}

/** An attempt with when it was made. */
export interface TimedAttempt extends AttemptView {
  readonly startedAt: number;
  readonly delayMs: number;
}

export interface Call {
  readonly id: string;
  readonly operation: 'upload' | 'edit';
  readonly requestId: string;
  readonly provider: string;
  readonly filename: string | null;
  readonly model: string | null;
  /** The images inside an edit's own request; null for one that names files, and for an upload. */
  readonly imagesInside: { readonly count: number; readonly bytes: number } | null;
  readonly state: 'running' | 'ok' | 'failed' | 'aborted';
  readonly startedAt: number;
  readonly endedAt: number | null;
  readonly durationMs: number | null;
  readonly bytes: number | null;
  readonly bytesSent: number;
  readonly bytesTotal: number | null;
  /** The attempt under way, from 1; null between attempts and at the end. */
  readonly runningAttempt: number | null;
  readonly attempts: readonly TimedAttempt[];
  readonly error: { readonly code: string; readonly message: string } | null;
}

interface WireCall
  extends Pick<Call, 'id' | 'operation' | 'provider' | 'filename' | 'model' | 'state' | 'bytes' | 'error'> {
  readonly request_id: string;
  readonly images_inside: Call['imagesInside'];
  readonly started_at: number;
  readonly ended_at: number | null;
  readonly duration_ms: number | null;
  readonly bytes_sent: number;
  readonly bytes_total: number | null;
  readonly running_attempt: number | null;
  readonly attempts: readonly { readonly started_at: number; readonly delay_ms: number }[];
}

export function decodeCall(value: unknown): Call {
  const { request_id, started_at, ended_at, duration_ms, bytes_sent, ...call } = value as WireCall;
  const { bytes_total, running_attempt, images_inside, attempts, ...rest } = call;
  return {
    ...rest,
    requestId: request_id,
    imagesInside: images_inside,
    startedAt: started_at,
    endedAt: ended_at,
    durationMs: duration_ms,
    bytesSent: bytes_sent,
    bytesTotal: bytes_total,
    runningAttempt: running_attempt,
    attempts: attempts.map((attempt) => ({
      ...decodeAttempt(attempt),
      startedAt: attempt.started_at,
      delayMs: attempt.delay_ms,
    })),
  };
}

export interface SeriesPoint extends Omit<Figures, 'uploads'> {
  readonly at: number;
  readonly ok: number;
  readonly failed: number;
}

export interface SeriesMark {
  readonly at: number;
  readonly revision: number;
  readonly who: string;
  readonly why: string;
  readonly keys: readonly string[];
}

export interface Series {
  readonly from: number;
  readonly to: number;
  readonly step_s: number;
  readonly points: readonly SeriesPoint[];
  readonly totals: { readonly ok: number; readonly failed: number; readonly retries: number };
  readonly marks: readonly SeriesMark[];
  readonly source: 'database' | 'memory';
}

export interface CallPage {
  readonly calls: readonly Call[];
  readonly nextBefore: string | null;
}

const STATUS = '/api/v1/admin/status';
export const EVENTS_PATH: string = `${STATUS}/events`;

/** Undefined when there is no answer, or none that can be used: the page shows that it is reconnecting. */
async function get<T>(path: string, init: RequestInit = {}): Promise<T | undefined> {
  try {
    const response = await ask(path, init);
    return response.ok ? ((await response.json()) as T) : undefined;
  } catch {
    return undefined;
  }
}

export const fetchState = (): Promise<State | undefined> => get<State>(STATUS);

export const fetchSeries = (minutes: number): Promise<Series | undefined> =>
  get<Series>(`${STATUS}/series?minutes=${minutes}`);

export async function fetchCalls(query: Readonly<Record<string, string>>): Promise<CallPage | undefined> {
  const page = await get<{ readonly data: readonly unknown[]; readonly next_before: string | null }>(
    `/api/v1/admin/uploads?${new URLSearchParams(query)}`,
  );
  return page && { calls: page.data.map(decodeCall), nextBefore: page.next_before };
}

export async function resetFallback(): Promise<void> {
  await get('/api/v1/admin/transport/fallback/reset', { method: 'POST' });
}

export const stopDrill = (): Promise<Drill | undefined> =>
  get<Drill>('/api/v1/admin/drill', { method: 'DELETE' });

/** @returns why it was not started; undefined when it was. */
export async function startDrill(kind: string): Promise<string | undefined> {
  try {
    const response = await ask('/api/v1/admin/drill', {
      method: 'POST',
      body: JSON.stringify({ kind }),
      headers: { 'content-type': 'application/json' },
    });
    if (response.ok) return undefined;
    const { error } = (await response.json()) as { readonly error?: { readonly message?: string } };
    return error?.message ?? 'Ferry answered with an error.';
  } catch {
    return 'Ferry does not answer.';
  }
}
