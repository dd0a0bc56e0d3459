import https from 'node:https';
import { slices } from '@ferry/core';
import axios from 'axios';
import got from 'got';
import { Agent, Client, type Dispatcher } from 'undici';
import type { BenchClient } from './client.ts';

const headers = { 'content-type': 'application/octet-stream' };

/** undici as its users use it: an Agent, which keeps its connections. */
export function undiciAgent(url: string, ca: string | undefined, bodyAs: 'buffer' | 'iterable'): BenchClient {
  const agent = new Agent({ allowH2: true, connect: ca === undefined ? {} : { ca } });
  const { origin, pathname: path } = new URL(url);
  return {
    upload: (body) =>
      post((options) => agent.request({ ...options, origin }), {
        path,
        ...(bodyAs === 'buffer'
          ? { body, headers }
          : { body: iterable(body), headers: { ...headers, 'content-length': String(body.byteLength) } }),
      }),
    close: () => agent.close(),
  };
}

/** One undici Client: one connection, which carries everything. */
export function undiciClient(url: string, ca: string | undefined): BenchClient {
  const { origin, pathname: path } = new URL(url);
  const client = new Client(origin, { allowH2: true, connect: ca === undefined ? {} : { ca } });
  return {
    upload: (body) => post((options) => client.request(options), { path, body, headers }),
    close: () => client.close(),
  };
}

/** undici with a connection of its own, and a parse of `ca` of its own, for every upload. */
export function undiciClientEach(url: string, ca: string | undefined): BenchClient {
  const { origin, pathname: path } = new URL(url);
  return {
    async upload(body) {
      const client = new Client(origin, { allowH2: true, connect: ca === undefined ? {} : { ca } });
      try {
        return await post((options) => client.request(options), { path, body, headers });
      } finally {
        await client.close();
      }
    },
    close: () => Promise.resolve(),
  };
}

type Post = Pick<Dispatcher.RequestOptions, 'path' | 'body' | 'headers'>;

async function post(
  request: (options: Post & { readonly method: 'POST' }) => Promise<Dispatcher.ResponseData>,
  options: Post,
): Promise<string> {
  const response = await request({ ...options, method: 'POST' });
  return await response.body.text();
}

/** undici's types want a Readable; it takes any iterable. */
function iterable(body: Buffer): NonNullable<Post['body']> {
  return (async function* () {
    yield* slices(body);
  })() as unknown as NonNullable<Post['body']>;
}

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
