import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { FRESH, ResilientClient, type RetryPolicy } from '@ferry/core';
import { createUndiciTransport } from '@ferry/transport-undici';
import {
  type ApiShape,
  createLoopbackCertificate,
  createSimulator,
  type Simulator,
} from '@ferry/upstream-sim';

/** One for all: of two authorities with one name, OpenSSL may look at the wrong one. */
const certificate = await createLoopbackCertificate();

/** The simulated upstream, a client of it, and a built-in fetch that trusts it too. */
export interface Simulated extends AsyncDisposable {
  readonly upstream: Simulator;
  readonly client: ResilientClient;
}

export async function simulated(
  policy: Partial<RetryPolicy> = {},
  shape: ApiShape = 'xai',
): Promise<Simulated> {
  const upstream = await createSimulator({ shape, certificate });
  const before = getCACertificates('default');
  setDefaultCACertificates([...before, upstream.caPem]);
  const transport = createUndiciTransport({ policy: FRESH, tls: { ca: upstream.caPem } });
  const client = new ResilientClient({
    transports: { isolated: transport, shared: transport },
    policy: { backoffBaseMs: 1, backoffMaxMs: 5, ...policy },
  });
  return {
    upstream,
    client,
    async [Symbol.asyncDispose]() {
      setDefaultCACertificates(before);
      await client.close();
      await upstream.close();
    },
  };
}
