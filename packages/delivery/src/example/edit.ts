import { FRESH, POOLED, ResilientClient, singleCredential, UploadService } from '@ferry/core';
import { xai } from '@ferry/providers';
import { createUndiciTransport } from '@ferry/transport-undici';

const { UPSTREAM_URL = 'https://api.x.ai/v1', UPSTREAM_KEY = '', UPSTREAM_CA } = process.env;
const tls = UPSTREAM_CA === undefined ? {} : { tls: { ca: UPSTREAM_CA } };

const client = new ResilientClient({
  transports: {
    isolated: createUndiciTransport({ policy: FRESH, ...tls }),
    shared: createUndiciTransport({ policy: POOLED, ...tls }),
  },
});
const provider = xai({ baseUrl: UPSTREAM_URL });

const uploads = new UploadService({ client, endpoint: provider.uploadEndpoint() });
const photo = { path: process.argv[2] ?? 'photo.jpg' };
const { fileId, fileUri } = await uploads.upload(photo, UPSTREAM_KEY);

const answer = await client.request({
  ...provider.editRequest({
    model: 'grok-imagine-image',
    prompt: 'a beautiful landscape',
    n: 1,
    images: [{ fileId, fileUri }],
  }),
  credential: singleCredential(UPSTREAM_KEY),
  safety: 'billable',
  label: 'edit',
});
for (const image of provider.parseEdit(answer).images) {
  process.stdout.write(image.kind === 'url' ? `${image.url.href}\n` : `${image.bytes.byteLength} bytes\n`);
}
await client.close({ graceMs: 5_000 });
