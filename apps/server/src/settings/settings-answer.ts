/** The answers of the settings API: their shapes as schemas, which are their documentation too. */
import { z } from 'zod';
import { revisionSchema } from './change-request.ts';
import type { Revision } from './revision.ts';
import type { SettingDiff } from './settings-diff.ts';

const value = z.unknown().describe('As in the configuration.');
const revision = revisionSchema.describe('0: as configured, nothing has been changed.');

const sourceSchema = z.object({
  kind: z.enum(['default', 'file', 'environment', 'revision']),
  name: z.string().nullable().describe('The file, the variable, or the revision.'),
});

const connections = z
  .enum(['isolated', 'shared'])
  .describe('`isolated`: one for each upload. `shared`: what `reuse_session` uses.');

const changeSchema = z.object({
  key: z.string().describe('Such as `upload.reuse_session`.'),
  from: value,
  to: value,
  configured: z.boolean().describe('Whether it is as configured again.'),
});

const revisionAnswerSchema = z.object({
  revision,
  parent: revision.describe('The one it follows.'),
  at: z.iso.datetime(),
  who: z.string(),
  why: z.string(),
  changes: z.array(changeSchema),
  rollback_to: revision.nullable().describe('The revision whose settings it brought back.'),
});

const ignoredSchema = z.object({ key: z.string(), value, why: z.string() });

export const settingsAnswerSchema = z.object({
  revision: revision.describe('What is in effect; also the `etag`. 0: as configured.'),
  made: z.object({ at: z.iso.datetime(), who: z.string(), why: z.string() }).nullable(),
  origin: z
    .enum(['configuration', 'last-known', 'database'])
    .describe('`last-known`: from the file of an earlier run, since the database has not been read yet.'),
  database: z.enum(['available', 'unavailable']).describe('Without it settings can be read, not changed.'),
  settings: z.array(
    z.object({
      key: z.string(),
      value,
      default: value,
      source: sourceSchema.describe('Where the value is from.'),
      configured: z
        .object({ value, source: sourceSchema })
        .nullable()
        .describe('What it would be without the change; null when it is not changed.'),
      about: z.string().describe('What it means.'),
      unit: z.string().nullable(),
      expected: z.string().describe('What it may be, in words.'),
      schema: z.record(z.string(), z.unknown()).describe('What it may be, as a JSON Schema.'),
      cost: z.object({
        about: z.string().describe('What a change costs, in words.'),
        replaces: z.array(connections),
      }),
    }),
  ),
  ignored: z
    .array(ignoredSchema)
    .describe('Values that are stored and that this version of Ferry cannot use.'),
});

export const outcomeAnswerSchema = z.object({
  dry_run: z.boolean(),
  revision: revision.describe('In effect after it; of a dry run, the one it was compared with.'),
  changes: z.array(changeSchema).describe('Empty when nothing differs; then there is no new revision.'),
  replaces: z
    .array(
      z.object({
        upstream: z.string(),
        connections,
        open: z.int().min(0).describe('Connections that were open when it was decided.'),
        requests: z.int().min(0).describe('Requests on them, which go on to their end.'),
      }),
    )
    .describe('The connections that are opened anew. The old ones are closed when nobody uses them.'),
  ignored: z.array(ignoredSchema),
});

export const historyAnswerSchema = z.object({
  revisions: z.array(revisionAnswerSchema).describe('The newest first.'),
  next_before: revision.nullable().describe('Send it as `before` for the next page; null at the end.'),
});

export type SettingsAnswer = z.output<typeof settingsAnswerSchema>;
export type SettingView = SettingsAnswer['settings'][number];
export type RevisionAnswer = z.output<typeof revisionAnswerSchema>;
export type OutcomeAnswer = z.output<typeof outcomeAnswerSchema>;
export type HistoryAnswer = z.output<typeof historyAnswerSchema>;

export const changeView = ({
  key,
  from,
  to,
  configured,
}: SettingDiff): RevisionAnswer['changes'][number] => ({
  key,
  from,
  to,
  configured,
});

export function revisionView({ id, at, who, why, changes, rollbackTo }: Revision): RevisionAnswer {
  return {
    revision: id,
    parent: id - 1,
    at: at.toISOString(),
    who,
    why,
    changes: changes.map(changeView),
    rollback_to: rollbackTo ?? null,
  };
}
