import { POOLED } from '@ferry/core';
import { expect, it } from 'vitest';
import { failureOf, text, World } from '../testing/world.ts';

const world = new World();

it('two hundred uploads at once against two connections and fifty waiting places: the rest is refused at once', async () => {
  const server = await world.server();
  const subject = await world.transport({ ...POOLED, maxConnections: 2, maxWaiting: 50 });
  const refused: number[] = [];
  const sends = Array.from({ length: 200 }, (_, index) =>
    subject.send(server).then(text, (error: unknown) => {
      refused.push(index);
      return error;
    }),
  );
  // Refusals need no socket: they are there before the first connection can be.
  await new Promise((resolve) => setImmediate(resolve));
  expect(refused).toHaveLength(200 - 50 - 2 * POOLED.maxStreams);
  const outcomes = await Promise.all(sends);
  expect(outcomes.filter((outcome) => outcome === '10')).toHaveLength(58);
  const error = await failureOf(Promise.reject(outcomes[199]));
  expect(error).toMatchObject({ kind: 'pool-full', phase: 'acquire', delivery: 'not-sent' });
  expect(server.accepted()).toBe(2);
});

it('those who wait are served in the order they came', async () => {
  const order: string[] = [];
  const server = await world.server(({ stream, headers }) => {
    order.push(String(headers[':path']));
    stream.respond({ ':status': 200 });
    stream.end();
  });
  const subject = await world.transport({ ...POOLED, maxConnections: 1, maxStreams: 1 });
  const paths = ['/1', '/2', '/3', '/4'];
  await Promise.all(paths.map((path) => subject.send(server, { method: 'GET', path }).then(text)));
  expect(order).toEqual(paths);
});

it('stats and connections tell what is there', async () => {
  const server = await world.server();
  const subject = await world.transport(POOLED);
  await text(await subject.send(server));
  expect(subject.transport.stats()).toEqual({
    live: 1,
    spare: 0,
    connecting: 0,
    retired: 0,
    streams: 0,
    waiting: 0,
  });
  expect(subject.transport.connections()).toMatchObject([
    { origin: server.url.origin, state: 'live', uses: 1, streams: 0 },
  ]);
  expect(subject.transport.name).toBe('undici');
});

it('with one place, a request that must avoid its connection gets a new one', async () => {
  const server = await world.server();
  const subject = await world.transport({ ...POOLED, maxConnections: 1 });
  const first = await subject.send(server);
  await text(first);
  const second = await subject.send(server, { avoid: new Set([first.exchange.connectionId ?? '']) });
  expect(await text(second)).toBe('10');
  expect(subject.of('retired')).toMatchObject([{ reason: 'evicted' }]);
});
