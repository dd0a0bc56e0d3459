import { Controller, Get, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { badRequest } from '../errors/gateway-error.ts';
import { Audit, type AuditRow } from './audit.ts';

const page = z.object({
  limit: z.coerce.number().int().min(1).max(200).default(50),
  before: z.coerce.number().int().min(1).optional(),
});

interface AuditView {
  readonly id: number;
  /** ISO 8601. */
  readonly at: string;
  readonly who: string;
  readonly address: string;
  readonly action: string;
  readonly target: string | null;
  readonly detail: unknown;
  readonly request_id: string;
}

@ApiTags('operations')
@Controller('api/v1/admin/audit')
export class AuditController {
  constructor(private readonly audit: Audit) {}

  @Get()
  @ApiOperation({ summary: 'Who has done what with the gateway: keys, sessions, settings; latest first' })
  async list(@Query() query: unknown): Promise<{ entries: AuditView[]; next_before: number | null }> {
    const asked = page.safeParse(query);
    if (!asked.success) {
      throw badRequest('Expected limit from 1 to 200 and before as the id of an entry.', {
        code: 'invalid_parameter',
        param: String(asked.error.issues[0]?.path[0] ?? 'limit'),
      });
    }
    const { limit, before } = asked.data;
    const rows = await this.audit.list(limit, before);
    const last = rows.at(-1);
    return {
      entries: rows.map(view),
      next_before: last !== undefined && rows.length === limit ? last.id : null,
    };
  }
}

function view({ id, at, who, address, action, target, detail, requestId }: AuditRow): AuditView {
  return { id, at: at.toISOString(), who, address, action, target, detail, request_id: requestId };
}
