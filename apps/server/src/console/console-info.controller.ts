import { Controller, Get } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { N_MAX } from '../img2img/form-schema.ts';
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

/** What the page needs to know before it is used. */
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
}
