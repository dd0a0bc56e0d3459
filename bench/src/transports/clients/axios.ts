import https from 'node:https';
import axios from 'axios';
import type { BenchClient } from './client.ts';
import { UPLOAD_HEADERS as headers } from './upload-headers.ts';

export function axiosClient(url: string, ca: string | undefined): BenchClient {
  const httpsAgent = new https.Agent({ keepAlive: true, ...(ca === undefined ? {} : { ca }) });
  // It counts redirects by a library that keeps bodies, and refuses those over 10 MB by default.
  const client = axios.create({
    httpsAgent,
    headers,
    responseType: 'text',
    maxBodyLength: Infinity,
    maxRedirects: 0,
  });
  return {
    async upload(body) {
      const { data } = await client.post<string>(url, body, { transformResponse: (text: string) => text });
      return data;
    },
    async close() {
      httpsAgent.destroy();
    },
  };
}
