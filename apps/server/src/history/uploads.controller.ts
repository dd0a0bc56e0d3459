import { Controller, Get, Query } from '@nestjs/common';
import { ApiOperation, ApiQuery, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { badRequest } from '../errors/gateway-error.ts';
import type { CallView } from '../telemetry/call-view.ts';
import { CALL_STATES, cursorOf } from './call-page.ts';
import { readCursor, writeCursor } from './cursor.ts';
import { History } from './history.ts';

const cursor = z.string().transform((text, context) => {
  const read = readCursor(text);
  if (read === undefined) context.addIssue('not a cursor');
  return read;
});

const querySchema = z
  .strictObject({
    operation: z.enum(['upload', 'edit']).default('upload'),
    state: z.enum(CALL_STATES).optional(),
    limit: z.coerce.number().int().min(1).max(500).default(50),
    before: cursor.optional(),
    after: cursor.optional(),
  })
  .refine(({ before, after }) => before === undefined || after === undefined, { path: ['after'] });

interface UploadsAnswer {
  readonly data: readonly CallView[];
  /** Send it as `before` for the page of what began earlier; null at the end. */
  readonly next_before: string | null;
  /** `memory`: the database is away, only what this process remembers was looked at. */
  readonly source: 'database' | 'memory';
}

/** The uploads and edits there were, so that "are they arriving, and if not, why" has an answer. */
@ApiTags('operations')
@Controller('api/v1/admin/uploads')
export class UploadsController {
  constructor(private readonly history: History) {}

  @Get()
  @ApiOperation({
    summary:
      'Uploads or edits, newest first: attempts, connections, timings, outcome; with the database, of all instances',
  })
  @ApiQuery({ name: 'operation', required: false, enum: ['upload', 'edit'] })
  @ApiQuery({ name: 'state', required: false, enum: CALL_STATES })
  @ApiQuery({ name: 'limit', required: false, description: 'From 1 to 500; default 50.' })
  @ApiQuery({ name: 'before', required: false, description: 'The `next_before` of an answer.' })
  @ApiQuery({
    name: 'after',
    required: false,
    description: 'A `next_before`: the oldest of what began later.',
  })
  async list(@Query() query: unknown): Promise<UploadsAnswer> {
    const parsed = querySchema.safeParse(query);
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      throw badRequest(
        'operation is upload or edit, state one of running, ok, failed, aborted, limit a whole number from 1 to 500, before or after the next_before of an answer.',
        { code: 'invalid_value', param: String(issue?.path[0] ?? 'operation') },
      );
    }
    const { calls, complete } = await this.history.calls(parsed.data);
    const last = calls.at(-1);
    const more = last !== undefined && calls.length === parsed.data.limit;
    return {
      data: calls,
      next_before: more ? writeCursor(cursorOf(last)) : null,
      source: complete ? 'database' : 'memory',
    };
  }
}
