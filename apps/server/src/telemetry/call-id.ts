import { randomBytes } from 'node:crypto';
import type { Operation } from './telemetry-event.ts';

const PREFIXES = { upload: 'upl', edit: 'edt' } as const satisfies Record<Operation, string>;

/** An id for one logical upload or edit: in its events, its log lines and the history. */
export function newCallId(operation: Operation): string {
  return `${PREFIXES[operation]}_${randomBytes(12).toString('base64url')}`;
}
