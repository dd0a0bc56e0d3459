/** What is known of the uploads and edits, as it comes in. Pure. */
import type { Call } from './status-api.ts';

/** Calls of each kind that the page keeps. */
const KEPT = 200;

export type Calls = ReadonlyMap<string, Call>;

/** A page of the history may come after the news about the same call: an end is never taken back. */
export function withCalls(calls: Calls, more: readonly Call[]): Calls {
  const next = new Map(calls);
  for (const call of more) {
    const known = next.get(call.id);
    if (known === undefined || known.endedAt === null || call.endedAt !== null) next.set(call.id, call);
  }
  for (const operation of ['upload', 'edit'] as const) {
    for (const { id } of newestFirst(next, operation).slice(KEPT)) next.delete(id);
  }
  return next;
}

export function withBytes(
  calls: Calls,
  { id, bytes_sent, bytes_total }: { id: string; bytes_sent: number; bytes_total: number | null },
): Calls {
  const call = calls.get(id);
  if (call === undefined || call.state !== 'running') return calls;
  return new Map(calls).set(id, { ...call, bytesSent: bytes_sent, bytesTotal: bytes_total });
}

/** What ran in a process that has ended will never be heard of again. */
export function withoutRunning(calls: Calls): Calls {
  return new Map([...calls].filter(([, call]) => call.state !== 'running'));
}

export function newestFirst(calls: Calls, operation: Call['operation']): Call[] {
  return [...calls.values()]
    .filter((call) => call.operation === operation)
    .sort((a, b) => b.startedAt - a.startedAt || (a.id < b.id ? 1 : -1));
}
