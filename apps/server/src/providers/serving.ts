import type { Config } from '../config/schema.ts';
import { badRequest, GatewayError } from '../errors/gateway-error.ts';
import type { ConnectedUpstream } from '../transport/connected-upstream.ts';
import type { Upstream } from './upstream.ts';

/** Where a request goes. */
export interface Route {
  readonly upstream: Upstream;
  /** The upstream's own name of the model. */
  readonly model: string;
}

/**
 * What one request is served with: the settings and the upstreams of the moment it began. It keeps their connections open,
 * whatever settings change meanwhile. Dispose of it when nothing of the request runs any more.
 */
export class Serving implements Disposable {
  readonly config: Config;
  /** Model id to the name of its upstream; the first is the default model. */
  readonly #models: ReadonlyMap<string, string>;
  readonly #upstreams: ReadonlyMap<string, Upstream>;
  readonly #held = new DisposableStack();

  constructor(
    config: Config,
    models: ReadonlyMap<string, string>,
    upstreams: ReadonlyMap<string, ConnectedUpstream>,
  ) {
    this.config = config;
    this.#models = new Map(models);
    this.#upstreams = new Map(
      [...upstreams].map(([name, connected]) => [name, this.#held.use(connected.hold()).upstream]),
    );
  }

  /** @throws GatewayError 400 for an unknown model, 503 while its upstream is away. */
  route(asked: string | undefined): Route {
    const { alias } = this.config;
    const wanted = asked ?? this.#models.keys().next().value ?? '';
    const model = (Object.hasOwn(alias, wanted) ? alias[wanted] : undefined) ?? wanted;
    const name = this.#models.get(model);
    if (name === undefined) {
      throw badRequest(`There is no such model. Known: ${[...this.#models.keys()].join(', ')}.`, {
        code: 'model_not_found',
        param: 'model',
      });
    }
    const upstream = this.#upstreams.get(name);
    if (upstream !== undefined) return { upstream, model };
    throw new GatewayError('The upstream is being restarted. Try again in a moment.', {
      status: 503,
      type: 'server_error',
      code: 'upstream_unavailable',
      retryAfterMs: 1_000,
    });
  }

  [Symbol.dispose](): void {
    this.#held.dispose();
  }
}
