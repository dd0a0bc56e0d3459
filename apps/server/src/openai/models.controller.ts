import { Controller, Get, Param } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { GatewayError } from '../errors/gateway-error.ts';
import { Upstreams } from '../providers/upstreams.ts';

/** OpenAI's model object. */
interface ModelObject {
  readonly id: string;
  readonly object: 'model';
  /** Epoch seconds; upstreams do not say, so it is always 0. */
  readonly created: number;
  readonly owned_by: string;
}

@ApiTags('openai')
@Controller('v1/models')
export class ModelsController {
  constructor(private readonly upstreams: Upstreams) {}

  @Get()
  @ApiOperation({ summary: 'The models and their aliases' })
  list(): { readonly object: 'list'; readonly data: readonly ModelObject[] } {
    return { object: 'list', data: this.#models() };
  }

  @Get(':id')
  @ApiOperation({ summary: 'One model, by id or alias' })
  one(@Param('id') id: string): ModelObject {
    const model = this.#models().find((known) => known.id === id);
    if (model !== undefined) return model;
    throw new GatewayError('There is no such model.', {
      status: 404,
      type: 'invalid_request_error',
      code: 'model_not_found',
      param: 'model',
    });
  }

  #models(): ModelObject[] {
    return this.upstreams.models.flatMap(({ id, aliases = [] }) =>
      [id, ...aliases].map((name) => ({ id: name, object: 'model', created: 0, owned_by: 'ferry' }) as const),
    );
  }
}
