import { CredentialPool, proxyFor, singleCredential } from '@ferry/core';
import { Inject, Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import type { Logger } from 'pino';
import { SECRETS } from '../config/config.module.ts';
import type { Config, ProviderConfig } from '../config/schema.ts';
import type { Secrets } from '../config/secrets.ts';
import { LOGGER } from '../logging/logging.module.ts';
import { RuntimeSettings } from '../settings/runtime-settings.ts';
import { LiveUpstreams } from '../telemetry/live-upstreams.ts';
import { readAuthorities } from '../transport/authorities.ts';
import {
  ConnectedUpstream,
  type ReplacedConnections,
  type UpstreamParts,
} from '../transport/connected-upstream.ts';
import { Serving } from './serving.ts';
import { Simulator, type SimulatorAddress } from './simulator.ts';
import type { ModelView, Upstream } from './upstream.ts';
import { speaking } from './wire-format.ts';

const SIMULATOR_NAME = 'simulator';

/** The upstreams there are, and which one serves a model. Without a configured one, the simulator. */
@Injectable()
export class Upstreams implements OnModuleInit, OnApplicationShutdown {
  readonly #settings: RuntimeSettings;
  readonly #live: LiveUpstreams;
  readonly #secrets: Secrets;
  readonly #logger: Logger;
  readonly #upstreams = new Map<string, ConnectedUpstream>();
  /** Model id to the name of its upstream; the first is the default model. */
  readonly #models = new Map<string, string>();
  #simulator: Simulator | undefined;
  /** Where the simulator is; undefined while there is none, and while it is being replaced. */
  #controlUrl: string | undefined;
  #simulatorUrl: string | undefined;

  constructor(
    settings: RuntimeSettings,
    live: LiveUpstreams,
    @Inject(SECRETS) secrets: Secrets,
    @Inject(LOGGER) logger: Logger,
  ) {
    this.#settings = settings;
    this.#live = live;
    this.#secrets = secrets;
    this.#logger = logger;
  }

  async onModuleInit(): Promise<void> {
    const { provider } = this.#settings.current;
    for (const one of provider) this.#connect(one);
    this.#settings.onChange(({ after }) => {
      for (const upstream of this.#upstreams.values()) upstream.reconfigure(after);
    });
    if (provider.length === 0) await this.#simulate();
  }

  /** After the server has drained: nobody needs the connections any more. */
  async onApplicationShutdown(): Promise<void> {
    await Promise.all([...this.#upstreams.values()].map((upstream) => upstream.close()));
    await this.#simulator?.stop();
  }

  /** The upstream of the default model; undefined before there is one. */
  get primary(): Upstream | undefined {
    return this.#upstreams.get(this.primaryName)?.upstream;
  }

  get primaryName(): string {
    return this.#models.values().next().value ?? '';
  }

  /** Whether no real upstream is configured. */
  get simulated(): boolean {
    return this.#simulator !== undefined;
  }

  /** What steers the simulator; undefined while there is none. */
  get simulator(): { readonly controlUrl: string; kill(): void } | undefined {
    const [simulator, controlUrl] = [this.#simulator, this.#controlUrl];
    return simulator && controlUrl !== undefined ? { controlUrl, kill: () => simulator.kill() } : undefined;
  }

  get defaultModel(): string {
    return this.#models.keys().next().value ?? '';
  }

  /** Whether every upstream can be asked. */
  get ready(): boolean {
    if (this.simulated && this.#controlUrl === undefined) return false;
    return [...this.#models.values()].every((name) => this.#upstreams.has(name)) && this.#models.size > 0;
  }

  /** Whether any upstream takes a connection now, through its proxy where there is one. Never rejects. */
  async anyReachable(): Promise<boolean> {
    const opened = await Promise.all(
      [...this.#upstreams.values()].map((upstream) => upstream.takesConnection()),
    );
    return opened.includes(true);
  }

  get models(): readonly ModelView[] {
    return [...this.#models.keys()].map((id) => {
      const aliases = Object.entries(this.#settings.current.alias).flatMap(([alias, model]) =>
        model === id ? [alias] : [],
      );
      return aliases.length > 0 ? { id, aliases } : { id };
    });
  }

  /** The settings and the upstreams of this moment, for one request. The caller disposes of it at the request's end. */
  begin(): Serving {
    return new Serving(this.#settings.current, this.#models, this.#upstreams);
  }

  /** The connections that a change of settings replaces. */
  replacedBy(before: Config, after: Config): ReplacedConnections[] {
    return [...this.#upstreams.values()].flatMap((upstream) => upstream.replacedBy(before, after));
  }

  #connect({ name, type, base_url, models, keys, ca_file }: ProviderConfig): void {
    const watch = this.#live.watch(name);
    const credentials = new CredentialPool(
      keys.map((reference, index) => ({
        alias: `${name}-${index + 1}`,
        secret: this.#secrets.read(reference),
      })),
      { onEvent: watch.onCredentialChange },
    );
    const { proxy } = this.#secrets;
    const reach = { ...(ca_file !== undefined && { ca: readAuthorities(ca_file) }), proxy };
    watch.credentials = credentials;
    const provider = speaking(type, { name, baseUrl: base_url, models });
    const parts = { name, provider, simulated: false, credentials, reach, watch };
    const before = proxyFor(proxy)(new URL(base_url));
    if (before !== undefined) this.#logger.info(`${name} is reached through the proxy ${before}`);
    this.#upstreams.set(name, this.#connected(parts));
    for (const model of models) this.#models.set(model, name);
  }

  #connected(parts: UpstreamParts): ConnectedUpstream {
    return new ConnectedUpstream(parts, this.#settings.current, this.#logger);
  }

  async #simulate(): Promise<void> {
    this.#simulator = new Simulator({
      logger: this.#logger,
      onReady: (address) => this.#connectSimulator(address),
      // Its connections break by themselves; what is tried again finds the next one, at the same address.
      onDown: () => {
        this.#controlUrl = undefined;
      },
    });
    await this.#simulator.start();
  }

  #connectSimulator({ url, caPem, controlUrl }: SimulatorAddress): void {
    this.#controlUrl = controlUrl;
    if (url === this.#simulatorUrl) return;
    this.#simulatorUrl = url;
    void this.#upstreams.get(SIMULATOR_NAME)?.close();
    const parts = {
      name: SIMULATOR_NAME,
      provider: speaking('xai', { name: SIMULATOR_NAME, baseUrl: url }),
      simulated: true,
      // It asks for a key as xAI does and takes any.
      credentials: singleCredential('ferry-simulator', SIMULATOR_NAME),
      // A process of our own on this machine: no proxy leads there.
      reach: { ca: caPem },
      watch: this.#live.watch(SIMULATOR_NAME),
    };
    const connected = this.#connected(parts);
    this.#upstreams.set(SIMULATOR_NAME, connected);
    for (const model of connected.upstream.provider.models) this.#models.set(model, SIMULATOR_NAME);
  }
}
