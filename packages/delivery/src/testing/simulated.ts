import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { FRESH, ResilientClient, type RetryPolicy } from '@ferry/core';
import { createUndiciTransport } from '@ferry/transport-undici';
import { createSimulator, type Simulator } from '@ferry/upstream-sim';

/** The simulated upstream, a client of it, and a built-in fetch that trusts it too. */
export interface Simulated extends AsyncDisposable {
  readonly upstream: Simulator;
  readonly client: ResilientClient;
}

export async function simulated(policy: Partial<RetryPolicy> = {}): Promise<Simulated> {
  const upstream = await createSimulator();
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
