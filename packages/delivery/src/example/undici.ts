import { DEFAULT_ATTEMPT_LIMITS, fromFile, multipart, POOLED } from '@ferry/core';
import { createUndiciTransport } from '@ferry/transport-undici';

const { UPSTREAM_URL = 'https://api.x.ai/v1', UPSTREAM_KEY = '', UPSTREAM_CA } = process.env;

const transport = createUndiciTransport({
  policy: POOLED, // or FRESH, PREWARMED, { ...POOLED, maxConnections: 2 }
  ...(UPSTREAM_CA !== undefined && { tls: { ca: UPSTREAM_CA } }),
  onPoolEvent: (event) => process.stdout.write(`${event.type} ${event.connectionId}\n`),
});
const photo = await fromFile(process.argv[2] ?? 'photo.jpg');
const form = multipart({
  fields: { purpose: 'assistants' },
  files: [{ field: 'file', filename: 'photo.jpg', contentType: 'image/jpeg', body: photo }],
});
const response = await transport.send(
  {
    method: 'POST',
    url: new URL(`${UPSTREAM_URL}/files`),
    headers: { authorization: `Bearer ${UPSTREAM_KEY}`, 'content-type': form.contentType },
    body: form,
  },
  { signal: AbortSignal.timeout(30_000), limits: DEFAULT_ATTEMPT_LIMITS },
);
for await (const chunk of response.body) process.stdout.write(chunk);
const { protocol, connectionOrigin, bytesSent } = await response.done;
process.stdout.write(`\n${response.status} over ${protocol}, ${connectionOrigin}, ${bytesSent} bytes\n`);
await transport.close({ graceMs: 1_000 });
