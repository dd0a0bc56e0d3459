import { Body, Controller, Get, HttpCode, Post } from '@nestjs/common';
import { ApiBody, ApiOperation, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { jsonSchema, openApi } from '../docs/json-schema.ts';
import { badRequest } from '../errors/gateway-error.ts';
import { TakesJson } from '../http/json-body.ts';
import { N_MAX } from '../img2img/form-schema.ts';
import { prepareFor } from '../img2img/prepare-for.ts';
import type { ModelView } from '../providers/upstream.ts';
import { Upstreams } from '../providers/upstreams.ts';
import { RuntimeSettings } from '../settings/runtime-settings.ts';
import { maxFileBytes } from '../transport/client-settings.ts';
import { VERSION } from '../version.ts';

interface ConsoleInfo {
  readonly version: string;
  readonly upstream: { readonly name: string; readonly simulated: boolean };
  readonly models: readonly ModelView[];
  readonly default_model: string;
  readonly limits: {
    readonly max_images: number;
    readonly max_file_bytes: number;
    readonly max_prompt_chars: number;
    readonly n_max: number;
  };
  readonly upload: { readonly reuse_session: boolean; readonly transport: string };
}

const expectedEdit = z.strictObject({
  model: z.string().min(1).max(200).optional().describe('A model or an alias. Default: the default model.'),
  reuse_session: z
    .boolean()
    .optional()
    .describe('Whether it will use shared connections. Default: the configured `upload.reuse_session`.'),
});

/** What the page needs to know before it is used, and what it says of what is about to come. */
@ApiTags('console')
@Controller('api/v1/admin/console')
export class ConsoleInfoController {
  constructor(
    private readonly settings: RuntimeSettings,
    private readonly upstreams: Upstreams,
  ) {}

  @Get()
  @ApiOperation({ summary: 'Models, limits and defaults, as the page shows them' })
  info(): ConsoleInfo {
    const config = this.settings.current;
    const { upload } = config;
    const { primary } = this.upstreams;
    return {
      version: VERSION,
      upstream: { name: this.upstreams.primaryName, simulated: this.upstreams.simulated },
      models: this.upstreams.models,
      default_model: this.upstreams.defaultModel,
      limits: {
        max_images: Math.min(upload.max_images, primary?.provider.maxImages ?? upload.max_images),
        max_file_bytes: maxFileBytes(config),
        max_prompt_chars: upload.max_prompt_chars,
        n_max: N_MAX,
      },
      upload: { reuse_session: upload.reuse_session, transport: upload.transport },
    };
  }

  @Post('prepare')
  @HttpCode(204)
  @TakesJson()
  @ApiOperation({
    summary: 'Somebody is about to ask for an edit: opens the connection ahead that its upload will take',
  })
  @ApiBody({ schema: openApi(jsonSchema(expectedEdit, 'input')) })
  prepare(@Body() body: unknown): void {
    const parsed = expectedEdit.safeParse(body);
    if (!parsed.success) {
      const param = String(parsed.error.issues[0]?.path[0] ?? 'body');
      throw badRequest(`${param}: expected { "model"?: text, "reuse_session"?: true or false }.`, {
        code: 'invalid_value',
        param,
      });
    }
    const { model, reuse_session } = parsed.data;
    using serving = this.upstreams.begin();
    const { upstream } = serving.route(model);
    prepareFor({ upstream, reuseSession: reuse_session ?? serving.config.upload.reuse_session });
  }
}
