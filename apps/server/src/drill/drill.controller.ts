import { Body, Controller, Delete, Get, HttpCode, Post, Req } from '@nestjs/common';
import { ApiBody, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { Audit } from '../audit/audit.ts';
import { actorOf } from '../audit/audit-entry.ts';
import { badRequest } from '../errors/gateway-error.ts';
import { TakesJson } from '../http/json-body.ts';
import { DRILL_KINDS } from './drill-plans.ts';
import type { DrillView } from './drill-view.ts';
import { Drills } from './drills.ts';

const bodySchema = z.strictObject({ kind: z.enum(DRILL_KINDS) });

/** Faults on purpose, to see what Ferry does about them. With a real upstream there is no such endpoint. */
@ApiTags('operations')
@Controller('api/v1/admin/drill')
export class DrillController {
  constructor(
    private readonly drills: Drills,
    private readonly audit: Audit,
  ) {}

  @Get()
  @ApiOperation({ summary: 'The fault drills there are, and the one that runs; 404 with a real upstream' })
  look(): DrillView {
    const { view } = this.drills;
    if (view !== null) return view;
    throw badRequest('There is no such endpoint: drills need the built-in simulator.', {
      status: 404,
      code: 'not_found',
    });
  }

  @Post()
  @HttpCode(202)
  @TakesJson()
  @ApiOperation({
    summary: 'Starts a fault drill: faults in the simulated upstream, and real edits through it',
  })
  @ApiBody({
    schema: { type: 'object', required: ['kind'], properties: { kind: { enum: [...DRILL_KINDS] } } },
  })
  async start(@Req() request: FastifyRequest, @Body() body: unknown): Promise<DrillView> {
    this.look();
    const parsed = bodySchema.safeParse(body);
    if (!parsed.success) {
      throw badRequest(`kind is one of ${DRILL_KINDS.join(', ')}.`, { code: 'invalid_value', param: 'kind' });
    }
    this.drills.start(parsed.data.kind);
    await this.audit.note(actorOf(request), { action: 'drill.started', target: parsed.data.kind });
    return this.look();
  }

  @Delete()
  @HttpCode(200)
  @ApiOperation({ summary: 'Stops the drill that runs and takes its faults back' })
  async stop(@Req() request: FastifyRequest): Promise<DrillView> {
    const running = this.look().running;
    await this.drills.stop();
    if (running !== null) {
      await this.audit.note(actorOf(request), { action: 'drill.stopped', target: running.kind });
    }
    return this.look();
  }
}
