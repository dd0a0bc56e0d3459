import { type Answer, type LogicalRequest, type RequestEvent, RequestFailure } from '../client/request.ts';
import { ResilientClient, type ResilientClientOptions } from '../client/resilient-client.ts';
import type { Attempt, Transport, TransportRequest } from '../transport/transport.ts';
import { LoopbackTransport } from './loopback-transport.ts';
import { RecordedLog } from './recorded-log.ts';
import { type Behaviour, startUpstream, type Upstream } from './upstream.ts';

/** A transport that notes what it was asked, and passes it on. */
class Watched implements Transport {
  readonly name = 'watched';
  readonly attempts: Attempt[] = [];
  readonly requests: TransportRequest[] = [];
  closed = 0;
  readonly #inner: Transport;

  constructor(inner: Transport) {
    this.#inner = inner;
  }

  async send(request: TransportRequest, attempt: Attempt): ReturnType<Transport['send']> {
    this.requests.push(request);
    this.attempts.push({ ...attempt, avoidConnections: new Set(attempt.avoidConnections) });
    return await this.#inner.send(request, attempt);
  }

  stats(): ReturnType<Transport['stats']> {
    return this.#inner.stats();
  }

  async close(options?: { readonly graceMs?: number }): Promise<void> {
    this.closed += 1;
    await this.#inner.close(options);
  }
}

/** A client, its two transports and an upstream on loopback, for one test. */
export interface ClientBench extends AsyncDisposable {
  readonly upstream: Upstream;
  readonly client: ResilientClient;
  readonly isolated: Watched;
  readonly shared: Watched;
  readonly log: RecordedLog;
  readonly events: RequestEvent[];
  /** An upload by default. */
  request(part?: Partial<LogicalRequest>): Promise<Answer>;
  /** A request that must fail; gives its failure. */
  failure(part?: Partial<LogicalRequest>): Promise<RequestFailure>;
}

export async function clientBench(
  behaviours: readonly Behaviour[],
  options: Partial<ResilientClientOptions> = {},
): Promise<ClientBench> {
  const upstream = await startUpstream(...behaviours);
  const isolated = new Watched(new LoopbackTransport());
  const shared = new Watched(new LoopbackTransport());
  const log = new RecordedLog();
  const events: RequestEvent[] = [];
  const client = new ResilientClient({
    transports: { isolated, shared },
    logger: log,
    // No waits, unless a test brings its own policy and clock.
    policy: { backoffBaseMs: 0 },
    ...options,
  });
  const request = (part: Partial<LogicalRequest> = {}): Promise<Answer> =>
    client.request({
      method: 'POST',
      url: upstream.url,
      headers: { 'content-type': 'text/plain' },
      safety: 'repeatable',
      label: 'upload',
      onEvent: (event) => events.push(event),
      ...part,
    });
  return {
    upstream,
    client,
    isolated,
    shared,
    log,
    events,
    request,
    async failure(part) {
      const outcome = await request(part).then(
        () => undefined,
        (error: unknown) => error,
      );
      if (RequestFailure.is(outcome)) return outcome;
      throw new Error('the request did not fail with a RequestFailure', { cause: outcome });
    },
    async [Symbol.asyncDispose]() {
      await client.close();
      await upstream.close();
    },
  };
}
