import { fastify } from 'fastify';
import { expect, test } from 'vitest';
import { readEvents } from '../../test/support/server-sent-events.ts';
import { LateStream } from './late-stream.ts';

type Event = { readonly event: string; readonly data: number };

/** A server that streams: `work` is what it does meanwhile. */
async function served(
  openAfterMs: number,
  work: (stream: LateStream<Event>) => Promise<void>,
): Promise<{ url: string } & AsyncDisposable> {
  const app = fastify();
  app.get('/', async (_, reply) => {
    using stream = new LateStream<Event>(reply, openAfterMs);
    await work(stream);
    if (!stream.isOpen) void reply.code(429).send('');
    return reply;
  });
  const url = await app.listen({ port: 0, host: '127.0.0.1' });
  return { url, [Symbol.asyncDispose]: async () => await app.close() };
}

test('headers are out before the first event when that takes long, and what comes then is an event', async () => {
  const headersAreThere = Promise.withResolvers<void>();
  await using server = await served(1, async (stream) => {
    await headersAreThere.promise;
    stream.send({ event: 'error', data: 1 });
  });
  using events = await readEvents(server.url);
  headersAreThere.resolve();
  expect(await events.next()).toEqual({ event: 'error', data: 1 });
});

test('what comes soon opens it', async () => {
  await using server = await served(60_000, async (stream) => stream.send({ event: 'done', data: 2 }));
  using events = await readEvents(server.url);
  expect(await events.next()).toEqual({ event: 'done', data: 2 });
});

test('without an event the answer keeps a status of its own', async () => {
  await using server = await served(60_000, async () => undefined);
  expect((await fetch(server.url)).status).toBe(429);
});
