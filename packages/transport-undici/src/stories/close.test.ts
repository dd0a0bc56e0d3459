import { channel } from 'node:diagnostics_channel';
import { FRESH, POOLED, PREWARMED } from '@ferry/core';
import { expect, it } from 'vitest';
import { failureOf, text, World } from '../testing/world.ts';

const world = new World();

/** TLS that begins and never ends. */
const NO_HANDSHAKE = { SNICallback: () => undefined };

it('a closed transport refuses new work', async () => {
  const subject = await world.transport(POOLED);
  await subject.transport.close();
  const error = await failureOf(subject.send({ url: new URL('https://127.0.0.1:1/') }));
  expect(error).toMatchObject({ kind: 'closed', phase: 'acquire', delivery: 'not-sent' });
});

it('closing lets running exchanges finish within the grace', async () => {
  const server = await world.server();
  const subject = await world.transport(POOLED);
  await text(await subject.send(server));
  const running = subject.send(server).then(text);
  await expect.poll(() => subject.transport.stats().streams).toBe(1);
  await subject.transport.close({ graceMs: 10_000 });
  expect(await running).toBe('10');
});

it('closing without grace ends what runs, waits and connects', async () => {
  const peer = await world.peer((connection) => connection.settings());
  const subject = await world.transport({ ...POOLED, maxConnections: 1, maxStreams: 1 });
  const running = failureOf(subject.send(peer));
  const waiting = failureOf(subject.send(peer));
  await expect.poll(() => peer.connections[0]?.sawEndStream(1)).toBe(true);
  await subject.transport.close();
  expect(await running).toMatchObject({ kind: 'closed', phase: 'headers', delivery: 'unknown' });
  expect(await waiting).toMatchObject({ kind: 'closed', phase: 'acquire', delivery: 'not-sent' });
});

it('closing while it connects ends the connection and the request', async () => {
  const peer = await world.peer(() => undefined, NO_HANDSHAKE);
  const subject = await world.transport(FRESH);
  const sending = failureOf(subject.send(peer));
  await expect.poll(() => peer.openSockets()).toBe(1);
  await subject.transport.close();
  expect(await sending).toMatchObject({ kind: 'closed', phase: 'connect', delivery: 'not-sent' });
});

it('the grace ends: what still runs is destroyed', async () => {
  const peer = await world.peer((connection) => connection.settings());
  const subject = await world.transport(POOLED);
  const running = failureOf(subject.send(peer));
  await expect.poll(() => peer.connections[0]?.sawEndStream(1)).toBe(true);
  await subject.transport.close({ graceMs: 100 });
  expect(await running).toMatchObject({ kind: 'closed', delivery: 'unknown' });
});

it('closing is idempotent', async () => {
  const server = await world.server();
  const subject = await world.transport(PREWARMED);
  await text(await subject.send(server));
  await Promise.all([subject.transport.close(), subject.transport.close({ graceMs: 1_000 })]);
  await subject.transport.close();
  expect(subject.transport.connections()).toEqual([]);
});

it('nobody is subscribed to a diagnostics channel', async () => {
  const server = await world.server();
  const subject = await world.transport(POOLED);
  await text(await subject.send(server));
  const names = ['undici:client:connected', 'http2.client.stream.created', 'http2.client.stream.close'];
  expect(names.filter((name) => channel(name).hasSubscribers)).toEqual([]);
});
