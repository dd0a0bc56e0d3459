import {
  bigint,
  boolean,
  doublePrecision,
  index,
  integer,
  jsonb,
  pgTable,
  text,
  timestamp,
} from 'drizzle-orm/pg-core';
import type { CallView, EndedAttemptView } from '../telemetry/call-view.ts';
import type { CallOutcome, Operation } from '../telemetry/telemetry-event.ts';

const moment = (name: string) => timestamp(name, { withTimezone: true }).notNull();

/** Uploads and edits that have ended, of every instance. Holds no prompt, no key and no byte of an image. */
export const callHistory = pgTable(
  'call_history',
  {
    /** `upl_...` or `edt_...` */
    id: text().primaryKey(),
    operation: text().$type<Operation>().notNull(),
    requestId: text('request_id').notNull(),
    provider: text().notNull(),
    filename: text(),
    model: text(),
    /** Of an edit that carries its images itself. */
    imagesInside: jsonb('images_inside').$type<CallView['images_inside']>(),
    reuseSession: boolean('reuse_session').notNull(),
    outcome: text().$type<CallOutcome>().notNull(),
    startedAt: moment('started_at'),
    endedAt: moment('ended_at'),
    /** Milliseconds. */
    durationMs: doublePrecision('duration_ms').notNull(),
    upstreamMs: doublePrecision('upstream_ms').notNull(),
    bytes: bigint({ mode: 'number' }).notNull(),
    attempts: jsonb().$type<readonly EndedAttemptView[]>().notNull(),
    errorCode: text('error_code'),
    errorMessage: text('error_message'),
  },
  ({ operation, startedAt, id, outcome }) => [
    index('call_history_started').on(operation, startedAt, id),
    index('call_history_outcome').on(operation, outcome, startedAt, id),
    index('call_history_age').on(startedAt),
  ],
);

/** What the uploads of one minute were like, of all instances together. */
export const uploadMinutes = pgTable('upload_minutes', {
  /** Its first moment. */
  minute: timestamp({ withTimezone: true }).primaryKey(),
  ok: integer().notNull(),
  failed: integer().notNull(),
  retries: integer().notNull(),
  h2Attempts: integer('h2_attempts').notNull(),
  h2Errors: integer('h2_errors').notNull(),
  /** Uploads by duration: one more than the bounds of `ferry_upload_duration_seconds`. */
  durations: integer().array().notNull(),
});
