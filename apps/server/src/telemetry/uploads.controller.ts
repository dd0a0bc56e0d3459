import { Controller, Get, Query } from '@nestjs/common';
import { ApiOperation, ApiQuery, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { badRequest } from '../errors/gateway-error.ts';
import { type CallView, callView } from './call-view.ts';
import { RecentCalls } from './recent-calls.ts';

const querySchema = z.strictObject({
  operation: z.enum(['upload', 'edit']).default('upload'),
  limit: z.coerce.number().int().min(1).max(500).default(50),
});

/** The last uploads, so that "are they arriving, and if not, why" has an answer. */
@ApiTags('operations')
@Controller('api/v1/admin/uploads')
export class UploadsController {
  constructor(private readonly calls: RecentCalls) {}

  @Get()
  @ApiOperation({
    summary: 'The last uploads or edits, newest first: attempts, connections, timings, outcome',
  })
  @ApiQuery({ name: 'operation', required: false, enum: ['upload', 'edit'] })
  @ApiQuery({ name: 'limit', required: false, description: 'From 1 to 500; default 50.' })
  list(@Query() query: unknown): { readonly data: readonly CallView[] } {
    const parsed = querySchema.safeParse(query);
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      throw badRequest('operation is upload or edit, limit a whole number from 1 to 500.', {
        code: 'invalid_value',
        param: String(issue?.path[0] ?? 'operation'),
      });
    }
    const { operation, limit } = parsed.data;
    return { data: this.calls.list(operation, limit).map(callView) };
  }
}
