import type { VariantName } from '../variants.ts';
import type { BenchClient, ClientOptions } from './client.ts';
import { trust } from './trust.ts';

/**
 * Makes the client of a variant. One a process: it sets what the process trusts, and loads the one library that it needs, so that
 * starts are short and nobody's memory counts as another's.
 */
export async function openClient(variant: VariantName, options: ClientOptions): Promise<BenchClient> {
  const { url } = options.target;
  const ca = trust(options.target, options.trust);
  switch (variant) {
    case 'raw-h2':
      return (await import('./raw.ts')).rawHttp2(url, ca);
    case 'raw-h2-fresh':
      return (await import('./raw.ts')).rawHttp2Fresh(url, ca);
    case 'raw-https':
      return (await import('./raw.ts')).rawHttps(url, ca);
    case 'undici-agent':
      return (await import('./undici.ts')).undiciAgent(url, ca, 'buffer');
    case 'undici-agent-iterable':
      return (await import('./undici.ts')).undiciAgent(url, ca, 'iterable');
    case 'undici-agent-2':
      return (await import('./undici.ts')).twoUndiciAgents(url, ca);
    case 'undici-client':
      return (await import('./undici.ts')).undiciClient(url, ca);
    case 'undici-client-each':
      return (await import('./undici.ts')).undiciClientEach(url, ca);
    case 'fetch':
      return (await import('./fetch.ts')).builtInFetch(url);
    case 'got':
      return (await import('./got.ts')).gotClient(url, ca);
    case 'axios':
      return (await import('./axios.ts')).axiosClient(url, ca);
    default: {
      const { ferryClient, ferryTransport } = await import('./ferry.ts');
      const transport = await ferryTransport(variant, ca, options.baseline);
      if (transport === undefined) throw new Error(`${variant} is not a client of its own`);
      return ferryClient(transport, url);
    }
  }
}
