import {
  Body,
  Controller,
  Get,
  Headers,
  HttpCode,
  Inject,
  Patch,
  Post,
  Query,
  Req,
  Res,
} from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Audit } from '../audit/audit.ts';
import { type AuditAction, actorOf } from '../audit/audit-entry.ts';
import { CONFIG, SOURCES } from '../config/config.module.ts';
import type { Config } from '../config/schema.ts';
import { Database } from '../database/database.ts';
import { GatewayError } from '../errors/gateway-error.ts';
import { TakesJson } from '../http/json-body.ts';
import { Upstreams } from '../providers/upstreams.ts';
import { asObject, parseChange, parseRevision, parseWhy } from './change-request.ts';
import { DescribeChange, DescribeHistory, DescribeRollback, DescribeSettings } from './describe-settings.ts';
import { entityTag, parseDryRun, parseIfMatch, parsePage } from './precondition.ts';
import { settingViews } from './setting-view.ts';
import { SettingsService } from './settings.service.ts';
import {
  changeView,
  type HistoryAnswer,
  type OutcomeAnswer,
  revisionView,
  type SettingsAnswer,
} from './settings-answer.ts';
import type { ChangeOptions, ChangeOutcome } from './settings-change.ts';
import { SettingsHistory } from './settings-history.ts';

/** A change as a request asks for it, and how its outcome is answered. */
interface Asked {
  readonly options: ChangeOptions;
  answer(reply: FastifyReply, outcome: ChangeOutcome): OutcomeAnswer;
}

@ApiTags('settings')
@Controller('api/v1/admin/settings')
export class SettingsController {
  constructor(
    @Inject(CONFIG) private readonly started: Config,
    @Inject(SOURCES) private readonly sources: ReadonlyMap<string, string>,
    private readonly service: SettingsService,
    private readonly history: SettingsHistory,
    private readonly database: Database,
    private readonly upstreams: Upstreams,
    private readonly audit: Audit,
  ) {}

  @Get()
  @DescribeSettings()
  settings(@Res({ passthrough: true }) reply: FastifyReply): SettingsAnswer {
    const { state } = this.service;
    const { revision, made, origin, ignored } = state;
    reply.header('etag', entityTag(revision));
    return {
      revision,
      made: made === undefined ? null : { ...made, at: made.at.toISOString() },
      origin,
      database: this.database.state.kind === 'up' ? 'available' : 'unavailable',
      settings: settingViews(state, this.started, this.sources),
      ignored: [...ignored],
    };
  }

  @Patch()
  @TakesJson()
  @DescribeChange()
  async change(
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
    @Body() body: unknown,
    @Headers('if-match') ifMatch: string | undefined,
    @Query('dry_run') dryRun: string | undefined,
  ): Promise<OutcomeAnswer> {
    const stored = new Set(Object.keys(this.service.state.overrides));
    const { values, why, base } = parseChange(body, stored);
    const seen = parseIfMatch(ifMatch);
    const asked = this.#ask('settings.changed', request, seen ?? base, dryRun);
    return asked.answer(reply, await preconditioned(seen, this.service.change(values, why, asked.options)));
  }

  @Post('rollback')
  @HttpCode(200)
  @TakesJson()
  @DescribeRollback()
  async rollback(
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
    @Body() body: unknown,
    @Headers('if-match') ifMatch: string | undefined,
    @Query('dry_run') dryRun: string | undefined,
  ): Promise<OutcomeAnswer> {
    // One click: nothing need be said.
    const { revision, why } = body === undefined || body === null ? {} : asObject(body, undefined);
    const to = parseRevision(revision);
    const because = why === undefined ? undefined : parseWhy(why);
    const seen = parseIfMatch(ifMatch);
    const asked = this.#ask('settings.rolled-back', request, seen, dryRun);
    return asked.answer(reply, await preconditioned(seen, this.service.rollback(to, because, asked.options)));
  }

  @Get('revisions')
  @DescribeHistory()
  async revisions(
    @Query('before') before: string | undefined,
    @Query('limit') limit: string | undefined,
  ): Promise<HistoryAnswer> {
    const page = parsePage(before, limit);
    const revisions = await this.history.list(page);
    const last = revisions.at(-1);
    const more = last !== undefined && revisions.length === page.limit && last.id > 1;
    return { revisions: revisions.map(revisionView), next_before: more ? last.id : null };
  }

  #ask(
    action: AuditAction,
    request: FastifyRequest,
    base: number | undefined,
    dryRun: string | undefined,
  ): Asked {
    let replaces: OutcomeAnswer['replaces'] = [];
    const actor = actorOf(request);
    const options: ChangeOptions = {
      who: actor.who,
      base,
      dryRun: parseDryRun(dryRun),
      onPlan: (before, after) => {
        replaces = this.upstreams.replacedBy(before, after);
      },
      also: (tx, { id, why, changes }) =>
        this.audit.record(tx, actor, { action, target: `revision ${id}`, detail: { why, changes } }),
    };
    const answer = (reply: FastifyReply, { changes, before, after }: ChangeOutcome): OutcomeAnswer => {
      const { revision } = options.dryRun ? before : after;
      reply.header('etag', entityTag(revision));
      return {
        dry_run: options.dryRun,
        revision,
        changes: changes.map(changeView),
        replaces,
        ignored: [...after.ignored],
      };
    };
    return { options, answer };
  }
}

/** RFC 9110 section 13.1.1: what `if-match` asked for and is no more is 412, whatever a conflict is otherwise. */
async function preconditioned<T>(seen: number | undefined, outcome: Promise<T>): Promise<T> {
  try {
    return await outcome;
  } catch (error) {
    if (seen === undefined || !(error instanceof GatewayError) || error.fields.status !== 409) throw error;
    throw new GatewayError(error.message, { ...error.fields, status: 412 });
  }
}
