/** The last uploads and edits with all their attempts, in memory: what somebody looks at who asks why just now. */
import type {
  AttemptEnded,
  CallEnded,
  CallEvent,
  CallIdentity,
  CallOutcome,
  CallStarted,
  Operation,
  TelemetryEvent,
} from './telemetry-event.ts';

/** A call as far as it has come. */
export interface RecentCall extends CallIdentity {
  readonly startedAt: number;
  readonly use: CallStarted['use'];
  readonly filename?: string;
  readonly model?: string;
  readonly images?: CallStarted['images'];
  readonly state: 'running' | CallOutcome;
  /** Attempts that have ended, in order. */
  readonly attempts: readonly AttemptEnded[];
  /** The attempt under way, from 1; undefined between attempts and at the end. */
  readonly running?: { readonly attempt: number; readonly startedAt: number };
  /** Of the attempt under way, or of the last one. */
  readonly bytesSent: number;
  readonly bytesTotal?: number;
  readonly bytes?: number;
  readonly ended?: CallEnded;
}

/** Folds an event into what is known of its call. Pure. */
export function fold(call: RecentCall | undefined, event: CallEvent): RecentCall | undefined {
  if (event.type === 'call-started') return started(event);
  if (call === undefined) return undefined;
  switch (event.type) {
    case 'attempt-started':
      return { ...call, bytesSent: 0, running: { attempt: event.attempt, startedAt: event.at } };
    case 'bytes-sent':
      return {
        ...call,
        bytesSent: event.bytesSent,
        ...(event.bytesTotal !== undefined && { bytesTotal: event.bytesTotal }),
      };
    case 'attempt-ended': {
      const { running: _, ...rest } = call;
      return { ...rest, bytesSent: event.bytesSent, attempts: [...call.attempts, event] };
    }
    case 'retry-planned':
      return call;
    case 'call-ended': {
      const { running: _, ...rest } = call;
      return { ...rest, state: event.outcome, bytes: event.bytes, ended: event };
    }
    default:
      return event satisfies never;
  }
}

function started({ type: _, at, bytes, ...facts }: CallStarted): RecentCall {
  return {
    ...facts,
    startedAt: at,
    state: 'running',
    attempts: [],
    bytesSent: 0,
    ...(bytes !== undefined && { bytes }),
  };
}

/** Whether an event belongs to a call. */
export const isCallEvent = (event: TelemetryEvent): event is CallEvent => 'callId' in event;

/** The last `limit` uploads and, apart from them, the last `limit` edits. Subscribe `hear` to the stream. */
export class RecentCalls {
  readonly #limit: number;
  /** Oldest first. Apart, so that many small uploads do not push out the edits they were for. */
  readonly #calls: Readonly<Record<Operation, Map<string, RecentCall>>> = {
    upload: new Map(),
    edit: new Map(),
  };

  constructor(limit: number) {
    this.#limit = limit;
  }

  readonly hear = (event: TelemetryEvent): void => {
    if (!isCallEvent(event)) return;
    const calls = this.#calls[event.operation];
    const next = fold(calls.get(event.callId), event);
    // One that was pushed out while it ran.
    if (next === undefined) return;
    calls.set(event.callId, next);
    if (calls.size <= this.#limit) return;
    const oldest = calls.keys().next();
    if (!oldest.done) calls.delete(oldest.value);
  };

  find(operation: Operation, callId: string): RecentCall | undefined {
    return this.#calls[operation].get(callId);
  }

  /** Newest first. */
  list(operation: Operation, limit: number): RecentCall[] {
    return [...this.#calls[operation].values()].slice(-limit).reverse();
  }
}
