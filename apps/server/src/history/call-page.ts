/** One page of calls, from what is in memory and what is in the database. Pure. */
import type { CallView } from '../telemetry/call-view.ts';
import type { Operation } from '../telemetry/telemetry-event.ts';
import { type Cursor, compareCursors } from './cursor.ts';

/** What is looked for. `running` is in memory only. */
export const CALL_STATES = ['running', 'ok', 'failed', 'aborted'] as const;

export interface CallQuery {
  readonly operation: Operation;
  readonly state?: (typeof CALL_STATES)[number] | undefined;
  readonly limit: number;
  /** Only what began before it: the page that follows. */
  readonly before?: Cursor | undefined;
  /** Only what began after it, the oldest of that. */
  readonly after?: Cursor | undefined;
}

export const cursorOf = ({ id, started_at }: CallView): Cursor => ({ at: started_at, id });

/** Newest first. What memory knows of a call wins: it may be still running there. */
export function pageOf(
  memory: readonly CallView[],
  stored: readonly CallView[],
  { state, limit, before, after }: CallQuery,
): CallView[] {
  const calls = new Map([...stored, ...memory].map((call) => [call.id, call]));
  const fitting = [...calls.values()]
    .filter((call) => {
      const cursor = cursorOf(call);
      if (state !== undefined && call.state !== state) return false;
      if (before !== undefined && compareCursors(cursor, before) >= 0) return false;
      return after === undefined || compareCursors(cursor, after) > 0;
    })
    .sort((a, b) => compareCursors(cursorOf(b), cursorOf(a)));
  return after === undefined ? fitting.slice(0, limit) : fitting.slice(-limit);
}
