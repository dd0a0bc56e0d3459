import { createFallbackTransport, FallbackMemory, FRESH, ResilientClient } from '@ferry/core';
import { createHttp1Transport } from '@ferry/transport-http1';
import { createUndiciTransport } from '@ferry/transport-undici';

const { UPSTREAM_URL = 'https://api.x.ai/v1', UPSTREAM_KEY = '', UPSTREAM_CA } = process.env;
const options = { policy: FRESH, ...(UPSTREAM_CA !== undefined && { tls: { ca: UPSTREAM_CA } }) };

const transport = createFallbackTransport({
  h2: createUndiciTransport(options),
  http1: createHttp1Transport(options),
  memory: new FallbackMemory({
    onChange: ({ origin, road, reason }) =>
      process.stdout.write(`${new URL(origin).hostname}: ${road}, ${reason}\n`),
  }),
});
const client = new ResilientClient({ transports: { isolated: transport, shared: transport } });
const models = {
  method: 'GET',
  url: new URL(`${UPSTREAM_URL}/models`),
  headers: { authorization: `Bearer ${UPSTREAM_KEY}` },
  safety: 'repeatable',
  label: 'models',
} as const;

// An upstream that speaks HTTP/1.1 only takes two attempts for the first request, and one for each that follows.
for (const round of [1, 2]) {
  const { exchange, attempts } = await client.request(models);
  process.stdout.write(`${round}: ${exchange.protocol} after ${attempts.length} attempts\n`);
}
transport.memory.reset(models.url.origin); // forgets why, and tries HTTP/2 again
await client.close();
