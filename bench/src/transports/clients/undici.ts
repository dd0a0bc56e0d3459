import { slices } from '@ferry/core';
import { Agent, Client, type Dispatcher } from 'undici';
import type { BenchClient } from './client.ts';
import { UPLOAD_HEADERS as headers } from './upload-headers.ts';

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

/** Two of undici's Agents, as many connections as eight uploads have with POOLED: an upload takes the one with fewer under way. */
export function twoUndiciAgents(url: string, ca: string | undefined): BenchClient {
  const agents = [1, 2].map(() => ({ ...undiciAgent(url, ca, 'buffer'), underWay: 0 }));
  return {
    async upload(body) {
      const agent = agents.reduce((least, other) => (other.underWay < least.underWay ? other : least));
      agent.underWay += 1;
      try {
        return await agent.upload(body);
      } finally {
        agent.underWay -= 1;
      }
    },
    async close() {
      await Promise.all(agents.map((agent) => agent.close()));
    },
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
