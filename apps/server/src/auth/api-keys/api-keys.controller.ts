import { Body, Controller, Delete, Get, HttpCode, Param, Post, Req } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { actorOf } from '../../audit/audit-entry.ts';
import { badRequest, GatewayError } from '../../errors/gateway-error.ts';
import { TakesJson } from '../../http/json-body.ts';
import { Door } from '../door.ts';
import type { ApiKey } from './api-key.ts';
import type { StoredApiKey } from './api-key-store.ts';
import { ApiKeys } from './api-keys.ts';

const request = z.strictObject({
  name: z.string().regex(/^[\w .@-]{1,64}$/),
  requests_per_minute: z.int().min(1).max(1_000_000).optional(),
  concurrency: z.int().min(1).max(10_000).optional(),
});

const EXPECTED: Readonly<Record<string, string>> = {
  name: 'name as 1 to 64 letters, digits, spaces or ._@-',
  requests_per_minute: 'requests_per_minute as a whole number from 1 to 1000000, or absent',
  concurrency: 'concurrency as a whole number from 1 to 10000, or absent',
};

interface ApiKeyView {
  readonly id: string;
  readonly name: string;
  readonly source: 'configuration' | 'database';
  /** The key's first characters; null for a configured one. */
  readonly hint: string | null;
  readonly requests_per_minute: number | null;
  readonly concurrency: number | null;
  readonly created_at: string | null;
  readonly revoked_at: string | null;
}

@ApiTags('operations')
@Controller('api/v1/admin/keys')
export class ApiKeysController {
  constructor(
    private readonly keys: ApiKeys,
    private readonly door: Door,
  ) {}

  @Get()
  @ApiOperation({ summary: 'The API keys, without the keys themselves' })
  async list(): Promise<{ readonly data: readonly ApiKeyView[] }> {
    const stored = await this.keys.list();
    return { data: [...this.door.apiKeys.configured().map(configuredView), ...stored.map(storedView)] };
  }

  @Post()
  @TakesJson()
  @ApiOperation({ summary: 'Make an API key. It is in this answer and nowhere else' })
  async create(
    @Req() incoming: FastifyRequest,
    @Body() body: unknown,
  ): Promise<ApiKeyView & { readonly key: string }> {
    const asked = request.safeParse(body ?? {});
    if (!asked.success) throw invalid(asked.error);
    const { name, requests_per_minute, concurrency } = asked.data;
    const made = await this.keys.create(
      { name, requestsPerMinute: requests_per_minute, concurrency },
      actorOf(incoming),
    );
    if (made !== undefined) return { ...storedView(made.stored), key: made.key };
    throw badRequest('Another API key has this name.', { status: 409, code: 'name_taken', param: 'name' });
  }

  @Delete(':id')
  @HttpCode(204)
  @ApiOperation({ summary: 'Revoke an API key made here; a configured one goes with its configuration' })
  async revoke(@Req() incoming: FastifyRequest, @Param('id') id: string): Promise<void> {
    const known = z.uuid().safeParse(id).success;
    if (known && (await this.keys.revoke(id, actorOf(incoming)))) return;
    throw new GatewayError('There is no such API key, or it is revoked already.', {
      status: 404,
      type: 'invalid_request_error',
      code: 'not_found',
    });
  }
}

function invalid({ issues }: z.ZodError): GatewayError {
  const [issue] = issues;
  const unknown = issue?.code === 'unrecognized_keys' ? issue.keys[0] : undefined;
  const param = unknown ?? String(issue?.path[0] ?? 'name');
  const message =
    unknown === undefined ? `Expected ${EXPECTED[param] ?? 'an object'}.` : `There is no field "${unknown}".`;
  return badRequest(message, { code: 'invalid_parameter', param });
}

function storedView(key: StoredApiKey): ApiKeyView {
  return {
    id: key.id,
    name: key.name,
    source: 'database',
    hint: key.hint,
    requests_per_minute: key.requestsPerMinute,
    concurrency: key.concurrency,
    created_at: key.createdAt.toISOString(),
    revoked_at: key.revokedAt?.toISOString() ?? null,
  };
}

function configuredView(key: ApiKey): ApiKeyView {
  return {
    id: key.id,
    name: key.name,
    source: 'configuration',
    hint: null,
    requests_per_minute: key.requestsPerMinute ?? null,
    concurrency: key.concurrency ?? null,
    created_at: null,
    revoked_at: null,
  };
}
