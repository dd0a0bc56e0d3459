import https from 'node:https';
import got from 'got';
import type { BenchClient } from './client.ts';
import { UPLOAD_HEADERS as headers } from './upload-headers.ts';

export function gotClient(url: string, ca: string | undefined): BenchClient {
  const agent = new https.Agent({ keepAlive: true });
  const client = got.extend({
    agent: { https: agent },
    retry: { limit: 0 },
    headers,
    ...(ca === undefined ? {} : { https: { certificateAuthority: ca } }),
  });
  return {
    upload: (body) => client.post(url, { body }).text(),
    async close() {
      agent.destroy();
    },
  };
}
