import { DEFAULT_ATTEMPT_LIMITS, fromFile, multipart, POOLED } from '@ferry/core';
import { createHttp1Transport } from '@ferry/transport-http1';

const { UPSTREAM_URL = 'https://api.x.ai/v1', UPSTREAM_KEY = '', UPSTREAM_CA } = process.env;

const transport = createHttp1Transport({
  policy: POOLED,
  ...(UPSTREAM_CA !== undefined && { tls: { ca: UPSTREAM_CA } }),
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
  { signal: new AbortController().signal, limits: DEFAULT_ATTEMPT_LIMITS },
);
for await (const chunk of response.body) process.stdout.write(chunk);
// Which connection, fresh or reused, bytes, milliseconds in each phase.
const { protocol, connectionOrigin, phaseMs } = await response.done;
process.stdout.write(
  `\n${response.status} over ${protocol}, ${connectionOrigin}, ${JSON.stringify(phaseMs)}\n`,
);
await transport.close({ graceMs: 5_000 });
