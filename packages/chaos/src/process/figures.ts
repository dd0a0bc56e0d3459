import { z } from 'zod';
import { ask } from './ask.ts';

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
  const { status, body } = await ask(gateway, '/api/v1/admin/transport');
  if (status !== 200) return [`its figures cannot be read: ${status}`];
  const { pools, credentials, queues } = view.parse(body);
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
