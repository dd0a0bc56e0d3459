import { fromBytes, ResilientClient } from '@ferry/core';
import type { BenchClient, ClientOptions } from '../transports/clients/client.ts';
import { ferryTransport } from '../transports/clients/ferry.ts';
import { openClient } from '../transports/clients/open.ts';
import { trust } from '../transports/clients/trust.ts';
import type { VariantName } from '../transports/variants.ts';

/**
 * A client as it comes out of the box. Ours is a transport under the retry engine with its defaults, which is how Ferry sends; the
 * others do what they do by themselves.
 */
export async function openFireClient(variant: VariantName, options: ClientOptions): Promise<BenchClient> {
  const transport = await ferryTransport(variant, trust(options.target, options.trust));
  if (transport === undefined) return await openClient(variant, options);
  const client = new ResilientClient({ transports: { isolated: transport, shared: transport } });
  const url = new URL(options.target.url);
  return {
    async upload(body) {
      const answer = await client.request({
        method: 'POST',
        url,
        headers: { 'content-type': 'application/octet-stream' },
        body: fromBytes(body),
        safety: 'repeatable',
        label: 'upload',
      });
      return answer.text();
    },
    close: () => client.close(),
  };
}
