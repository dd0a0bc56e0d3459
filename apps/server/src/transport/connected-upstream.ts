import { isDeepStrictEqual } from 'node:util';
import {
  type CredentialSource,
  FallbackMemory,
  type Logger,
  proxyFor,
  ResilientClient,
  RetryBudget,
  UploadService,
} from '@ferry/core';
import type { Provider } from '@ferry/providers';
import type { Config } from '../config/schema.ts';
import { takesConnection } from '../doctor/probe-connection.ts';
import type { Upstream } from '../providers/upstream.ts';
import type { UpstreamWatch } from '../telemetry/live-upstreams.ts';
import { clientSettings, spoolDirectory } from './client-settings.ts';
import { LeasedTransport } from './leased-transport.ts';
import {
  fallbackPolicy,
  replacedTransports,
  type Sharing,
  type TransportSpec,
  transportSpecs,
} from './transport-spec.ts';
import { createTransport, logFallback, type Reach } from './transports.ts';

export interface UpstreamParts {
  readonly name: string;
  /** Its words; settings have a say in them. */
  readonly provider: (config: Config) => Provider;
  readonly simulated: boolean;
  readonly credentials: CredentialSource;
  readonly reach: Reach;
  /** Disposed of when all of it is closed. */
  readonly watch: UpstreamWatch;
}

/** Connections of an upstream that are to be opened anew. */
export interface ReplacedConnections {
  readonly upstream: string;
  readonly connections: Sharing;
  /** How many are open. */
  readonly open: number;
  /** Requests on them. */
  readonly requests: number;
}

/** An upstream as one request uses it, with its connections kept open. Dispose of it at the request's end. */
export interface HeldUpstream extends Disposable {
  readonly upstream: Upstream;
}

/**
 * A provider over connections of its own. Settings change it while requests run: what they replace serves those who hold it
 * to their end. Keys and their cooldowns, the retry budget and what is known of HTTP/2 belong to the upstream, and stay.
 */
export class ConnectedUpstream {
  readonly #parts: UpstreamParts;
  readonly #logger: Logger;
  readonly #budget = new RetryBudget();
  readonly #memory: FallbackMemory;
  readonly #retired = new Set<LeasedTransport>();
  #config: Config;
  #transports: Readonly<Record<Sharing, LeasedTransport>>;
  #upstream: Upstream;

  constructor(parts: UpstreamParts, config: Config, logger: Logger) {
    this.#parts = parts;
    this.#config = config;
    this.#logger = logger;
    this.#memory = new FallbackMemory({
      policy: fallbackPolicy(config),
      onChange: (change) => {
        logFallback(change, logger);
        parts.watch.onFallbackChange(change);
      },
    });
    parts.watch.fallback = this.#memory;

    const { isolated, shared } = transportSpecs(config);
    this.#transports = { isolated: this.#open(isolated, 'isolated'), shared: this.#open(shared, 'shared') };
    this.#upstream = this.#build();
  }

  /** As new requests get it now. What only looks at it need not hold it. */
  get upstream(): Upstream {
    return this.#upstream;
  }

  /** Replaces what the settings change, and nothing else. */
  reconfigure(config: Config): void {
    const before = this.#config;
    this.#config = config;
    this.#memory.usePolicy(fallbackPolicy(config));
    const kept = this.#transports;
    this.#transports = this.#replaced(before, config);
    if (kept === this.#transports && isDeepStrictEqual(clientSettings(before), clientSettings(config)))
      return;
    this.#upstream = this.#build();
  }

  /** The connections that a change of settings replaces, and what is on them now. */
  replacedBy(before: Config, after: Config): ReplacedConnections[] {
    return replacedTransports(transportSpecs(before), transportSpecs(after)).map((sharing) => {
      const { live, connecting, retired, streams } = this.#transports[sharing].transport.stats();
      const upstream = this.#parts.name;
      return { upstream, connections: sharing, open: live + connecting + retired, requests: streams };
    });
  }

  hold(): HeldUpstream {
    using taken = new DisposableStack();
    taken.use(this.#transports.isolated.hold());
    taken.use(this.#transports.shared.hold());
    const held = taken.move();
    return { upstream: this.#upstream, [Symbol.dispose]: () => held.dispose() };
  }

  /** Whether the upstream, or its proxy, takes a connection, which is closed again. Never rejects. */
  async takesConnection(): Promise<boolean> {
    const { reach } = this.#parts;
    const { editsUrl: url } = this.#upstream.provider;
    return await takesConnection({ url, ca: reach.ca, proxy: proxyFor(reach.proxy)(url) });
  }

  /** Closes all connections now, also those that are draining. */
  async close(): Promise<void> {
    const { isolated, shared } = this.#transports;
    await Promise.all([isolated, shared, ...this.#retired].map((transport) => transport.close()));
    this.#parts.watch[Symbol.dispose]();
  }

  #open(spec: TransportSpec, sharing: Sharing): LeasedTransport {
    const { reach, watch } = this.#parts;
    return new LeasedTransport(createTransport(spec, reach, this.#memory, watch.transport(sharing)));
  }

  #replaced(before: Config, after: Config): Readonly<Record<Sharing, LeasedTransport>> {
    const [old, next] = [transportSpecs(before), transportSpecs(after)];
    const sharings = replacedTransports(old, next);
    if (sharings.length === 0) return this.#transports;
    const transports = { ...this.#transports };
    for (const sharing of sharings) {
      this.#retire(transports[sharing], sharing);
      transports[sharing] = this.#open(next[sharing], sharing);
    }
    return transports;
  }

  #retire(transport: LeasedTransport, sharing: Sharing): void {
    const fields = { upstream: this.#parts.name, connections: sharing };
    this.#retired.add(transport);
    transport
      .retire(this.#config.server.deadline_ms)
      .then(
        () => this.#logger.info(fields, `Replaced connections of ${fields.upstream} are closed`),
        (error: unknown) =>
          this.#logger.error({ ...fields, err: error }, 'Replaced connections could not be closed'),
      )
      .finally(() => this.#retired.delete(transport));
  }

  #build(): Upstream {
    const { simulated, credentials, name } = this.#parts;
    const provider = this.#parts.provider(this.#config);
    const { isolated, shared } = this.#transports;
    const { policy, limits, maxFileBytes } = clientSettings(this.#config);
    const client = new ResilientClient({
      transports: { isolated: isolated.transport, shared: shared.transport },
      policy,
      limits,
      budget: this.#budget,
      logger: this.#logger,
    });
    const connected = { name, simulated, client, credentials };
    if (provider.delivery === 'inline') return { ...connected, delivery: provider.delivery, provider };
    const uploads = new UploadService({
      client,
      endpoint: provider.uploadEndpoint(),
      logger: this.#logger,
      spoolDirectory: spoolDirectory(this.#config),
      maxFileBytes,
    });
    return { ...connected, delivery: provider.delivery, provider, uploads };
  }
}
