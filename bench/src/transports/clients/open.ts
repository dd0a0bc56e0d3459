import type { VariantName } from '../variants.ts';
import type { BenchClient, ClientOptions } from './client.ts';
import { ferryClient, ferryTransport } from './ferry.ts';
import {
  axiosClient,
  builtInFetch,
  gotClient,
  undiciAgent,
  undiciClient,
  undiciClientEach,
} from './libraries.ts';
import { rawHttp2, rawHttp2Fresh, rawHttps } from './raw.ts';
import { trust } from './trust.ts';

/** Makes the client of a variant. One a process: it sets what the process trusts. */
export async function openClient(variant: VariantName, options: ClientOptions): Promise<BenchClient> {
  const { url } = options.target;
  const ca = trust(options.target, options.trust);
  const transport = await ferryTransport(variant, ca, options.baseline);
  if (transport !== undefined) return ferryClient(transport, url);
  switch (variant) {
    case 'raw-h2':
      return rawHttp2(url, ca);
    case 'raw-h2-fresh':
      return rawHttp2Fresh(url, ca);
    case 'raw-https':
      return rawHttps(url, ca);
    case 'undici-agent':
      return undiciAgent(url, ca, 'buffer');
    case 'undici-agent-iterable':
      return undiciAgent(url, ca, 'iterable');
    case 'undici-client':
      return undiciClient(url, ca);
    case 'undici-client-each':
      return undiciClientEach(url, ca);
    case 'fetch':
      return builtInFetch(url);
    case 'got':
      return gotClient(url, ca);
    case 'axios':
      return axiosClient(url, ca);
    default:
      throw new Error(`${variant} is not a client of its own`);
  }
}
