import { openai, type Provider, xai } from '@ferry/providers';
import type { Config, ProviderConfig } from '../config/schema.ts';
import { expiresAfterSeconds } from '../transport/client-settings.ts';

export interface Words {
  readonly name: string;
  readonly baseUrl: string;
  /** Default those that the API is known for. */
  readonly models?: readonly string[];
}

/** An upstream's words by the type that the configuration names, as far as settings leave them open. */
export function speaking(type: ProviderConfig['type'], words: Words): (config: Config) => Provider {
  switch (type) {
    case 'xai':
      return (config) => {
        const expires = expiresAfterSeconds(config);
        return xai({ ...words, ...(expires !== undefined && { expiresAfterSeconds: expires }) });
      };
    case 'openai': {
      const provider = openai(words);
      return () => provider;
    }
    default:
      return type satisfies never;
  }
}
