import { CredentialPool, proxyFor, singleCredential } from '@ferry/core';
import { xai } from '@ferry/providers';
import { Inject, Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import type { Logger } from 'pino';
import { CONFIG, SECRETS } from '../config/config.module.ts';
import type { Config, ProviderConfig } from '../config/schema.ts';
import type { Secrets } from '../config/secrets.ts';
import { badRequest, GatewayError } from '../errors/gateway-error.ts';
import { LOGGER } from '../logging/logging.module.ts';
import { readAuthorities } from '../transport/authorities.ts';
import { connectUpstream } from '../transport/clients.ts';
import { Simulator, type SimulatorAddress } from './simulator.ts';
import type { ModelView, Upstream } from './upstream.ts';

const SIMULATOR_NAME = 'simulator';

/** Where a request goes. */
export interface Route {
  readonly upstream: Upstream;
  /** The upstream's own name of the model. */
  readonly model: string;
}

/** The upstreams there are, and which one serves a model. Without a configured one, the simulator. */
@Injectable()
export class Upstreams implements OnModuleInit, OnApplicationShutdown {
  readonly #config: Config;
  readonly #secrets: Secrets;
  readonly #logger: Logger;
  readonly #upstreams = new Map<string, Upstream>();
  /** Model id to the name of its upstream; the first is the default model. */
  readonly #models = new Map<string, string>();
  #simulator: Simulator | undefined;

  constructor(
    @Inject(CONFIG) config: Config,
    @Inject(SECRETS) secrets: Secrets,
    @Inject(LOGGER) logger: Logger,
  ) {
    this.#config = config;
    this.#secrets = secrets;
    this.#logger = logger;
  }

  async onModuleInit(): Promise<void> {
    for (const provider of this.#config.provider) this.#connect(provider);
    if (this.#config.provider.length === 0) await this.#simulate();
  }

  /** After the server has drained: nobody needs the connections any more. */
  async onApplicationShutdown(): Promise<void> {
    await Promise.all([...this.#upstreams.values()].map(({ client }) => client.close()));
    await this.#simulator?.stop();
  }

  /** The upstream of the default model; undefined while a simulator is being replaced. */
  get primary(): Upstream | undefined {
    return this.#upstreams.get(this.primaryName);
  }

  get primaryName(): string {
    return this.#models.values().next().value ?? '';
  }

  /** Whether no real upstream is configured. */
  get simulated(): boolean {
    return this.#simulator !== undefined;
  }

  get defaultModel(): string {
    return this.#models.keys().next().value ?? '';
  }

  /** Whether every upstream can be asked. */
  get ready(): boolean {
    return [...this.#models.values()].every((name) => this.#upstreams.has(name)) && this.#models.size > 0;
  }

  get models(): readonly ModelView[] {
    return [...this.#models.keys()].map((id) => {
      const aliases = Object.entries(this.#config.alias).flatMap(([alias, model]) =>
        model === id ? [alias] : [],
      );
      return aliases.length > 0 ? { id, aliases } : { id };
    });
  }

  /** @throws GatewayError 400 for an unknown model, 503 while its upstream is away. */
  route(asked: string | undefined): Route {
    const wanted = asked ?? this.defaultModel;
    const alias = Object.hasOwn(this.#config.alias, wanted) ? this.#config.alias[wanted] : undefined;
    const model = alias ?? wanted;
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

  #connect({ name, base_url, models, keys, ca_file }: ProviderConfig): void {
    const provider = xai({ name, baseUrl: base_url, models });
    const credentials = new CredentialPool(
      keys.map((reference, index) => ({
        alias: `${name}-${index + 1}`,
        secret: this.#secrets.read(reference),
      })),
    );
    const { proxy } = this.#secrets;
    const reach = { ...(ca_file !== undefined && { ca: readAuthorities(ca_file) }), proxy };
    const parts = { provider, simulated: false, credentials, reach };
    const before = proxyFor(proxy)(new URL(base_url));
    if (before !== undefined) this.#logger.info(`${name} is reached through the proxy ${before}`);
    this.#upstreams.set(name, connectUpstream(parts, this.#config, this.#logger));
    for (const model of models) this.#models.set(model, name);
  }

  async #simulate(): Promise<void> {
    this.#simulator = new Simulator({
      logger: this.#logger,
      onReady: (address) => this.#connectSimulator(address),
      onDown: () => this.#disconnectSimulator(),
    });
    await this.#simulator.start();
  }

  #connectSimulator({ url, caPem }: SimulatorAddress): void {
    const provider = xai({ name: SIMULATOR_NAME, baseUrl: url });
    const parts = {
      provider,
      simulated: true,
      // It asks for a key as xAI does and takes any.
      credentials: singleCredential('ferry-simulator', SIMULATOR_NAME),
      // A process of our own on this machine: no proxy leads there.
      reach: { ca: caPem },
    };
    this.#upstreams.set(SIMULATOR_NAME, connectUpstream(parts, this.#config, this.#logger));
    for (const model of provider.models) this.#models.set(model, SIMULATOR_NAME);
  }

  /** The next one has another address and authority: what is connected to this one is of no more use. */
  #disconnectSimulator(): void {
    const upstream = this.#upstreams.get(SIMULATOR_NAME);
    this.#upstreams.delete(SIMULATOR_NAME);
    void upstream?.client.close();
  }
}
