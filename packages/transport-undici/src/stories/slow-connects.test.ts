import { FRESH, POOLED, PREWARMED } from '@ferry/core';
import { FakeClock } from '@ferry/core/testing';
import { expect, it } from 'vitest';
import { failureOf, text, World } from '../testing/world.ts';

const world = new World();

/** While no round trip is known; on a clock that stands still a known one is 0, and the least time counts. */
const SLOW_MS = 1_000;
const LEAST_SLOW_MS = 250;

it('an upload does not wait for spares that are stuck in their handshake', async () => {
  const server = await world.server();
  const path = await world.path(server);
  const clock = new FakeClock();
  const subject = await world.transport({ ...PREWARMED, spares: 1 }, { clock });
  await text(await subject.send(path));
  await expect.poll(() => subject.transport.stats()).toMatchObject({ live: 1, spare: 1 });
  path.dark = true;
  // It takes the spare that is ready; the one that follows is stuck.
  await text(await subject.send(path));
  await expect.poll(() => subject.transport.stats()).toMatchObject({ live: 0, connecting: 1 });
  await expect.poll(() => path.accepted()).toBe(3);
  const sending = subject.send(path);
  path.dark = false;
  clock.advance(LEAST_SLOW_MS);
  const response = await sending;
  expect(await text(response)).toBe('10');
  expect(response.exchange.connectionOrigin).toBe('fresh');
  expect([path.accepted(), server.requests()]).toEqual([4, 3]);
  await subject.transport.close();
  expect(clock.pending).toBe(0);
});

it('an upload whose own connection is stuck arrives on a second one, and the first is not kept', async () => {
  const server = await world.server();
  const { path, clock, subject, sending } = await world.stuck(FRESH, server);
  path.dark = false;
  clock.advance(SLOW_MS);
  const response = await sending;
  expect(await text(response)).toBe('10');
  expect([path.accepted(), server.requests()]).toEqual([2, 1]);
  await expect.poll(() => path.openSockets()).toBe(0);
  expect(subject.transport.connections()).toEqual([]);
});

it('the slow connection serves the upload when it is ready first after all', async () => {
  const { path, clock, subject, sending } = await world.stuck(POOLED, await world.server());
  const [slow] = subject.transport.connections();
  clock.advance(SLOW_MS);
  await expect.poll(() => path.accepted()).toBe(2);
  path.letThrough(0);
  const response = await sending;
  expect(await text(response)).toBe('10');
  expect(response.exchange.connectionId).toBe(slow?.id);
});

it('on a path that stays dark an upload opens one more connection, not one after the other', async () => {
  const server = await world.server();
  const path = await world.path(server);
  path.dark = true;
  const clock = new FakeClock();
  const subject = await world.transport(FRESH, { clock });
  const failure = failureOf(subject.send(path, { limits: { connectMs: 20 * SLOW_MS } }));
  clock.advance(19 * SLOW_MS);
  expect(subject.transport.stats()).toMatchObject({ connecting: 2, waiting: 0 });
  await expect.poll(() => path.accepted()).toBe(2);
  clock.advance(SLOW_MS);
  expect(await failure).toMatchObject({ kind: 'timeout', phase: 'connect', delivery: 'not-sent' });
  await expect.poll(() => path.openSockets()).toBe(0);
  expect(server.requests()).toBe(0);
});

it('with no room for another connection the upload goes on waiting for the slow one', async () => {
  const server = await world.server();
  const path = await world.path(server);
  path.dark = true;
  const clock = new FakeClock();
  const subject = await world.transport({ ...FRESH, maxConnections: 1 }, { clock });
  const sending = subject.send(path);
  await expect.poll(() => path.accepted()).toBe(1);
  clock.advance(2 * SLOW_MS);
  expect(subject.transport.stats()).toMatchObject({ connecting: 1 });
  path.letThrough(0);
  expect(await text(await sending)).toBe('10');
  expect(path.accepted()).toBe(1);
});

it('an upload arrives although its neighbour gives up while both wait for their connections', async () => {
  const server = await world.server();
  const path = await world.path(server);
  path.dark = true;
  const subject = await world.transport(FRESH);
  const neighbour = new AbortController();
  const sending = subject.send(path);
  const leaving = failureOf(subject.send(path, { signal: neighbour.signal }));
  await expect.poll(() => path.accepted()).toBe(2);
  neighbour.abort();
  expect(await leaving).toMatchObject({ kind: 'aborted', delivery: 'not-sent' });
  await expect.poll(() => path.openSockets()).toBe(1);
  path.letThrough(0);
  path.letThrough(1);
  expect(await text(await sending)).toBe('10');
});
