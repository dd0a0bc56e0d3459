import { fromBytes, POOLED } from '@ferry/core';
import { FakeClock } from '@ferry/core/testing';
import { expect, it } from 'vitest';
import { FRAME } from '../testing/raw-peer.ts';
import { failureOf, text, World } from '../testing/world.ts';

const world = new World();

/** What an HTTP/2 peer grants each stream and the connection before it says otherwise. Bytes. */
const FIRST_WINDOW = 65_535;
const CREDIT = 1_000;

it('a peer that only takes an upload has been heard: who joins the connection does not wait for a PING', async () => {
  const peer = await world.peer((connection) => {
    connection.grantWindow = false;
    connection.settings();
    connection.on('whole', (id: number) => connection.answer(id));
  });
  const clock = new FakeClock();
  const subject = await world.transport({ ...POOLED, proveAfterIdleMs: 1_000 }, { clock });
  const uploading = failureOf(subject.send(peer, { body: fromBytes(new Uint8Array(100_000)) }));
  await expect.poll(() => peer.connections[0]?.received(1)).toBe(FIRST_WINDOW);

  const [connection] = peer.connections;
  clock.advance(5_000);
  connection?.windowUpdate(0, CREDIT);
  connection?.windowUpdate(1, CREDIT);
  await expect.poll(() => connection?.received(1)).toBe(FIRST_WINDOW + CREDIT);
  clock.advance(300);
  expect(await text(await subject.send(peer, { method: 'GET' }))).toBe('ok');
  expect(peer.connections).toHaveLength(1);
  expect(connection?.frames.some((f) => f.type === FRAME.PING)).toBe(false);

  await subject.transport.close();
  expect(await uploading).toMatchObject({ kind: 'closed' });
  expect(clock.pending).toBe(0);
});

it('a peer that takes nothing any more is pinged before anybody joins its connection', async () => {
  const peer = await world.peer((connection) => {
    connection.grantWindow = false;
    connection.settings();
    connection.on('whole', (id: number) => connection.answer(id));
  });
  const clock = new FakeClock();
  const subject = await world.transport({ ...POOLED, proveAfterIdleMs: 1_000 }, { clock });
  const uploading = failureOf(subject.send(peer, { body: fromBytes(new Uint8Array(100_000)) }));
  await expect.poll(() => peer.connections[0]?.received(1)).toBe(FIRST_WINDOW);
  clock.advance(5_000);
  expect(await text(await subject.send(peer, { method: 'GET' }))).toBe('ok');
  expect(peer.connections[0]?.frames.some((f) => f.type === FRAME.PING)).toBe(true);
  await subject.transport.close();
  expect(await uploading).toMatchObject({ kind: 'closed' });
});

it('an exchange tells what flow control allows: the window of the peer and the round trip to it', async () => {
  const server = await world.server(undefined, { settings: { initialWindowSize: 100_000 } });
  const subject = await world.transport(POOLED);
  const response = await subject.send(server);
  await text(response);
  const flowControl = { windowBytes: 100_000, roundTripMs: expect.any(Number) };
  expect(response.exchange.flowControl).toEqual(flowControl);
  expect((await response.done).flowControl).toEqual(flowControl);
});

it('an exchange without SETTINGS knows nothing of flow control', async () => {
  const peer = await world.peer((connection) => {
    connection.grantWindow = false;
    connection.polite = false;
  });
  const subject = await world.transport(POOLED);
  const error = await failureOf(subject.send(peer, { limits: { connectMs: 100 } }));
  expect(error.exchange).not.toHaveProperty('flowControl');
});
