import { createFetch, FRESH, POOLED, ResilientClient } from '@ferry/core';
import { createUndiciTransport } from '@ferry/transport-undici';
import OpenAI from 'openai';

const { UPSTREAM_URL = 'https://api.openai.com/v1', UPSTREAM_KEY = '', UPSTREAM_CA } = process.env;
const tls = UPSTREAM_CA === undefined ? {} : { tls: { ca: UPSTREAM_CA } };

const client = new ResilientClient({
  transports: {
    isolated: createUndiciTransport({ policy: FRESH, ...tls }), // a connection for each request
    shared: createUndiciTransport({ policy: POOLED, ...tls }), //  connections that are proven or replaced
  },
});
const openai = new OpenAI({
  apiKey: UPSTREAM_KEY,
  baseURL: UPSTREAM_URL,
  maxRetries: 0, // one loop is enough, and this one knows what may be sent twice
  fetch: createFetch(client, {
    safety: ({ method, url }) =>
      method === 'GET' || url.pathname.endsWith('/files') ? 'repeatable' : 'billable',
  }),
});

const image = new File([Buffer.from('the bytes of an image')], 'photo.png', { type: 'image/png' });
const file = await openai.files.create({ purpose: 'vision', file: image });
process.stdout.write(`${file.id}\n`);
await client.close({ graceMs: 5_000 });
