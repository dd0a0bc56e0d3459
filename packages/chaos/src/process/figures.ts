import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { z } from 'zod';

const view = z.object({
  pools: z.array(
    z.object({
      provider: z.string(),
      protocol: z.string(),
      streams: z.int(),
      waiting: z.int(),
      connecting: z.int(),
    }),
  ),
  credentials: z.array(z.object({ alias: z.string(), in_flight: z.int() })),
  queues: z.array(z.object({ queue: z.string(), running: z.int(), waiting: z.int() })),
});

/** What the gateway itself counts as still going on, as sentences; nothing when it is idle. */
export async function busyFigures(gateway: { readonly url: string }): Promise<string[]> {
  // A connection of its own that is not kept: it must not be taken for one of a request.
  const asking = get(new URL('/api/v1/admin/transport', gateway.url), { agent: false });
  const [response] = (await once(asking, 'response')) as [IncomingMessage];
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) text += chunk;
  if (response.statusCode !== 200) return [`its figures cannot be read: ${response.statusCode}`];
  const { pools, credentials, queues } = view.parse(JSON.parse(text));
  return [
    ...pools.flatMap(({ provider, protocol, streams, waiting, connecting }) =>
      streams + waiting + connecting === 0
        ? []
        : [`${provider} over ${protocol}: ${streams} streams, ${waiting} waiting, ${connecting} connecting`],
    ),
    ...credentials.flatMap(({ alias, in_flight }) =>
      in_flight === 0 ? [] : [`key ${alias}: ${in_flight} attempts under way`],
    ),
    ...queues.flatMap(({ queue, running, waiting }) =>
      running + waiting === 0 ? [] : [`queue ${queue}: ${running} running, ${waiting} waiting`],
    ),
  ];
}
