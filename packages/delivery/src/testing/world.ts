import {
  type AttemptRecord,
  type FailureCode,
  FRESH,
  fromBytes,
  type LogicalRequest,
  type Protocol,
  RequestFailure,
  ResilientClient,
  type RetryBudget,
  type RetryPolicy,
  type ReusePolicy,
  type Transport,
} from '@ferry/core';
import { createHttp1Transport } from '@ferry/transport-http1';
import { createUndiciTransport } from '@ferry/transport-undici';
import {
  createLoopbackCertificate,
  type LoopbackCertificate,
  type Peer,
  type RawH1Peer,
  type RawH2Peer,
  rawH1Peer,
  rawH2Peer,
} from '@ferry/upstream-sim/peers';

let certificate: Promise<LoopbackCertificate> | undefined;

/** One for all: making a key takes longer than most tests. */
const loopbackCertificate = (): Promise<LoopbackCertificate> => {
  certificate ??= createLoopbackCertificate(Date.now());
  return certificate;
};

/** How a request ended: an answer, or the code of its failure. */
export interface Ending {
  readonly end: 'ok' | FailureCode;
  readonly attempts: number;
  readonly records: readonly AttemptRecord[];
  readonly failure: RequestFailure | undefined;
}

export interface WorldOptions {
  readonly policy?: Partial<RetryPolicy>;
  /** Default the client's own. */
  readonly budget?: RetryBudget;
  /** Default FRESH. */
  readonly reuse?: ReusePolicy;
  /** Default true: the peer's certificate is trusted. */
  readonly trusting?: boolean;
}

/** A peer that misbehaves as told, and a client of it over one of the real transports. */
export class World implements AsyncDisposable {
  readonly protocol: Protocol;
  readonly peer: Peer;
  readonly transport: Transport;
  readonly client: ResilientClient;
  url: URL;

  private constructor(protocol: Protocol, peer: Peer, transport: Transport, options: WorldOptions) {
    this.protocol = protocol;
    this.peer = peer;
    this.transport = transport;
    this.url = new URL('/v1/files', peer.url);
    this.client = new ResilientClient({
      transports: { isolated: transport, shared: transport },
      policy: { backoffBaseMs: 1, backoffMaxMs: 5, ...options.policy },
      ...(options.budget && { budget: options.budget }),
    });
  }

  static async create(protocol: Protocol, options: WorldOptions = {}): Promise<World> {
    const { reuse = FRESH, trusting = true } = options;
    const certificate = await loopbackCertificate();
    const peer: Peer = await (protocol === 'h2' ? rawH2Peer({ certificate }) : rawH1Peer({ certificate }));
    const means = { policy: reuse, ...(trusting && { tls: { ca: certificate.caPem } }) };
    const transport = protocol === 'h2' ? createUndiciTransport(means) : createHttp1Transport(means);
    return new World(protocol, peer, transport, options);
  }

  /** The peer as its frames. @throws when it does not speak HTTP/2. */
  get h2(): RawH2Peer {
    if (isH2(this.peer)) return this.peer;
    throw new Error('this peer speaks HTTP/1.1');
  }

  async send(part: Partial<LogicalRequest> = {}): Promise<Ending> {
    try {
      const { attempts: records } = await this.client.request({
        method: 'POST',
        url: this.url,
        headers: {},
        body: fromBytes(Buffer.alloc(1_000, 1)),
        safety: 'repeatable',
        label: 'upload',
        ...part,
      });
      return { end: 'ok', attempts: records.length, records, failure: undefined };
    } catch (error) {
      if (!RequestFailure.is(error)) throw error;
      const { code: end, attempts: records } = error;
      return { end, attempts: records.length, records, failure: error };
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.close();
    await this.peer.close();
  }
}

function isH2(peer: Peer | RawH1Peer | RawH2Peer): peer is RawH2Peer {
  return 'nextConnection' in peer;
}
