import type { BenchClient } from './client.ts';
import { UPLOAD_HEADERS as headers } from './upload-headers.ts';

/** Node's fetch; it takes no `ca`, so it is compared with default trust only. */
export function builtInFetch(url: string): BenchClient {
  return {
    async upload(body) {
      const response = await fetch(url, { method: 'POST', headers, body });
      return await response.text();
    },
    close: () => Promise.resolve(),
  };
}
