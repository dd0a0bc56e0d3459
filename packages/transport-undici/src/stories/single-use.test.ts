import { FRESH, PREWARMED } from '@ferry/core';
import { expect, it } from 'vitest';
import type { RawConnection } from '../testing/raw-peer.ts';
import { text, World } from '../testing/world.ts';

const world = new World();

it('FRESH gives every upload a connection of its own and leaves none behind', async () => {
  const server = await world.server();
  const subject = await world.transport(FRESH);
  const ids = new Set<string | undefined>();
  for (let i = 0; i < 3; i += 1) {
    const response = await subject.send(server);
    await text(response);
    expect(response.exchange).toMatchObject({ connectionOrigin: 'fresh', connectionReused: false });
    ids.add(response.exchange.connectionId);
  }
  expect(ids.size).toBe(3);
  expect(server.accepted()).toBe(3);
  await expect.poll(() => server.openSockets()).toBe(0);
  await expect.poll(() => subject.transport.connections()).toEqual([]);
});

it('uploads at once on FRESH do not share connections', async () => {
  const server = await world.server();
  const subject = await world.transport(FRESH);
  const responses = await Promise.all([1, 2, 3, 4].map(() => subject.send(server)));
  await Promise.all(responses.map(text));
  expect(new Set(responses.map((r) => r.exchange.connectionId)).size).toBe(4);
});

it('PREWARMED has the next connection ready, and uses it once', async () => {
  const server = await world.server();
  const subject = await world.transport(PREWARMED);
  const ids = new Set<string | undefined>();
  for (let i = 0; i < 4; i += 1) {
    const response = await subject.send(server);
    await text(response);
    ids.add(response.exchange.connectionId);
    expect(response.exchange.connectionOrigin).toBe(i === 0 ? 'fresh' : 'prewarmed');
    expect(response.exchange.connectionReused).toBe(false);
    await expect.poll(() => subject.transport.stats().spare).toBe(1);
  }
  expect(ids.size).toBe(4);
});

it('the number of spares follows the requests at once, up to the policy', async () => {
  const server = await world.server();
  const subject = await world.transport({ ...PREWARMED, spares: 3 });
  await text(await subject.send(server));
  await expect.poll(() => subject.transport.stats().spare).toBe(1);
  await Promise.all(Array.from({ length: 6 }, () => subject.send(server).then(text)));
  await expect.poll(() => subject.transport.stats()).toMatchObject({ spare: 3, connecting: 0 });
});

it('spares go when traffic stops', async () => {
  const server = await world.server();
  const subject = await world.transport({ ...PREWARMED, spareMaxIdleMs: 100 });
  await text(await subject.send(server));
  await expect.poll(() => server.openSockets()).toBe(0);
  expect(
    subject
      .of('retired')
      .map((e) => e.reason)
      .sort(),
  ).toEqual(['idle', 'used-up']);
  expect(server.accepted()).toBe(2);
});

it('spares count against maxConnections', async () => {
  const server = await world.server();
  const subject = await world.transport({ ...PREWARMED, spares: 5, maxConnections: 2 });
  await Promise.all(Array.from({ length: 8 }, () => subject.send(server).then(text)));
  expect(Math.max(...concurrentlyOpen(subject.events))).toBeLessThanOrEqual(2);
});

it('a spare that died is not given to a request', async () => {
  const server = await world.server();
  const subject = await world.transport(PREWARMED);
  await text(await subject.send(server));
  await expect.poll(() => subject.transport.stats().spare).toBe(1);
  server.finAll();
  await expect.poll(() => subject.transport.stats()).toMatchObject({ spare: 0, live: 0 });
  expect(await text(await subject.send(server))).toBe('10');
});

it('a spare that cannot be opened disturbs nobody', async () => {
  const peer = await world.peer((connection: RawConnection) => {
    if (connection.index > 0) return connection.socket.destroy();
    connection.settings();
    connection.on('whole', (id: number) => connection.answer(id));
  });
  const subject = await world.transport({ ...PREWARMED, spares: 1 });
  expect(await text(await subject.send(peer))).toBe('ok');
});

/** How many connections were live at once, event by event; those that only close are over. */
function concurrentlyOpen(events: readonly { type: string }[]): number[] {
  let open = 0;
  return events.map(({ type }) => {
    if (type === 'opened') open += 1;
    if (type === 'retired') open -= 1;
    return open;
  });
}
