import { DEFAULT_RETRY_POLICY, FRESH, POOLED, ResilientClient, UploadService } from '@ferry/core';
import { xai } from '@ferry/providers';
import { createUndiciTransport } from '@ferry/transport-undici';

const { UPSTREAM_URL = 'https://api.x.ai/v1', UPSTREAM_KEY = '', UPSTREAM_CA } = process.env;
const tls = UPSTREAM_CA === undefined ? {} : { tls: { ca: UPSTREAM_CA } };

const client = new ResilientClient({
  transports: {
    isolated: createUndiciTransport({ policy: FRESH, ...tls }), // a connection for each upload
    shared: createUndiciTransport({ policy: POOLED, ...tls }), //  connections that are proven or replaced
  },
  policy: { ...DEFAULT_RETRY_POLICY, maxRetries: 3 },
});
const uploads = new UploadService({ client, endpoint: xai({ baseUrl: UPSTREAM_URL }).uploadEndpoint() });

const { fileId, attempts } = await uploads.upload({ path: process.argv[2] ?? 'photo.jpg' }, UPSTREAM_KEY, {
  reuseSession: false,
  onEvent: (event) => event.type === 'retry' && process.stdout.write(`again in ${event.waitMs} ms\n`),
});
process.stdout.write(`${fileId} after ${attempts.length} attempts\n`);
await client.close({ graceMs: 5_000 });
