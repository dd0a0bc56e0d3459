import type { Socket } from 'node:net';
import tls from 'node:tls';
import { FRESH, POOLED, PREWARMED, type ReusePolicy } from '@ferry/core';
import { FakeClock } from '@ferry/core/testing';
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Http1Transport } from './http1-transport.ts';
import { makeCertificate, type TestCertificate } from './testing/certificate.ts';
import { onHead, type Peer } from './testing/peer.ts';
import { failureOf, Stage, send, textOf, until } from './testing/stage.ts';

/** While it is not known how long opening takes; on a clock that stands still it takes 0, and the least time counts. */
const SLOW_MS = 1_000;
const LEAST_SLOW_MS = 250;

let certificate: TestCertificate;
let stage: Stage;
beforeAll(async () => {
  certificate = await makeCertificate();
});
beforeEach(() => {
  stage = new Stage();
});
afterEach(() => stage.strike());

/** A server for which connections are accepted that it does not see while the path to it is dark. */
interface DarkPeer {
  readonly url: URL;
  readonly peer: Peer;
  dark: boolean;
  /** Requests answered. */
  requests: number;
  /** The server sees the dark connection that came as number `at`, counted from 0, after all. */
  letThrough(at: number): void;
}

async function darkPeer(): Promise<DarkPeer> {
  const held: Socket[] = [];
  const server = tls.createServer({ ...certificate, ALPNProtocols: ['http/1.1'] }, (socket) => {
    socket.on('error', () => undefined);
    onHead(socket, () => {
      subject.requests += 1;
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok');
    });
  });
  const peer = await stage.raw((socket) => {
    if (subject.dark) held.push(socket);
    else server.emit('connection', socket);
  });
  const subject: DarkPeer = {
    url: new URL(`https://${peer.url.host}/`),
    peer,
    dark: false,
    requests: 0,
    letThrough: (at) => server.emit('connection', held[at]),
  };
  return subject;
}

const transport = (policy: ReusePolicy, clock?: FakeClock): Http1Transport =>
  stage.transport(policy, { tls: { ca: certificate.cert }, ...(clock && { clock }) });

test('an upload does not wait for a spare that is stuck in its handshake', async () => {
  const to = await darkPeer();
  const clock = new FakeClock();
  const subject = transport({ ...PREWARMED, spares: 1 }, clock);
  await textOf(await send(subject, to.url, { body: 'a' }));
  await until(() => subject.stats().spare === 1);
  to.dark = true;
  // It takes the spare that is ready; the one that follows is stuck.
  await textOf(await send(subject, to.url, { body: 'b' }));
  await until(() => to.peer.accepted === 3);
  const sending = send(subject, to.url, { body: 'c' });
  to.dark = false;
  clock.advance(LEAST_SLOW_MS);
  const response = await sending;
  expect(await textOf(response)).toBe('ok');
  expect((await response.done).connectionOrigin).toBe('fresh');
  expect(to.requests).toBe(3);
  await subject.close();
  expect(clock.pending).toBe(0);
});

test('a spare that is slow already when the upload comes is not counted on at all', async () => {
  const to = await darkPeer();
  const clock = new FakeClock();
  const subject = transport({ ...PREWARMED, spares: 1 }, clock);
  const first = send(subject, to.url, { body: 'a' });
  await until(() => to.peer.accepted === 1);
  to.dark = true;
  await textOf(await first);
  await until(() => to.peer.accepted === 2);
  clock.advance(LEAST_SLOW_MS);
  to.dark = false;
  expect(await textOf(await send(subject, to.url, { body: 'b' }))).toBe('ok');
  expect(to.requests).toBe(2);
});

test('a spare that never becomes ready is given up when its time is over', async () => {
  const to = await darkPeer();
  const clock = new FakeClock();
  const subject = transport({ ...PREWARMED, spares: 1 }, clock);
  const first = send(subject, to.url, { body: 'a' });
  await until(() => to.peer.accepted === 1);
  to.dark = true;
  await textOf(await first);
  await until(() => to.peer.accepted === 2 && subject.stats().live === 0);
  expect(subject.stats()).toMatchObject({ connecting: 1, live: 0 });
  clock.advance(PREWARMED.spareMaxIdleMs);
  await until(() => subject.stats().connecting === 0);
  expect(clock.pending).toBe(0);
});

test('an upload whose own connection is stuck arrives on a second one, and the first is not kept', async () => {
  const to = await darkPeer();
  to.dark = true;
  const clock = new FakeClock();
  const subject = transport(FRESH, clock);
  const sending = send(subject, to.url, { body: 'a' });
  await until(() => to.peer.accepted === 1);
  to.dark = false;
  clock.advance(SLOW_MS);
  expect(await textOf(await sending)).toBe('ok');
  expect([to.peer.accepted, to.requests]).toEqual([2, 1]);
  await until(() => subject.stats().connecting + subject.connections().length === 0);
  expect(clock.pending).toBe(0);
});

test('the slow connection serves the upload when it is ready first after all', async () => {
  const to = await darkPeer();
  to.dark = true;
  const clock = new FakeClock();
  const subject = transport(POOLED, clock);
  const sending = send(subject, to.url, { body: 'a' });
  await until(() => to.peer.accepted === 1);
  clock.advance(SLOW_MS);
  await until(() => to.peer.accepted === 2);
  to.letThrough(0);
  expect(await textOf(await sending)).toBe('ok');
  // The other one comes through later, and is kept for the next.
  expect(subject.stats()).toMatchObject({ live: 1, connecting: 1 });
  to.letThrough(1);
  await until(() => subject.stats().live === 2);
  expect(to.requests).toBe(1);
});

test('on a path that stays dark an upload opens one more connection, not one after the other', async () => {
  const to = await darkPeer();
  to.dark = true;
  const clock = new FakeClock();
  const subject = transport(FRESH, clock);
  const failure = failureOf(send(subject, to.url, { body: 'a', limits: { connectMs: 20 * SLOW_MS } }));
  clock.advance(19 * SLOW_MS);
  expect(subject.stats()).toMatchObject({ connecting: 2, waiting: 0 });
  clock.advance(SLOW_MS);
  expect(await failure).toMatchObject({ kind: 'timeout', phase: 'connect', delivery: 'not-sent' });
  await until(() => subject.stats().connecting === 0);
  expect([clock.pending, to.requests]).toEqual([0, 0]);
});

test('with no room for another connection the upload goes on waiting for the slow one', async () => {
  const to = await darkPeer();
  to.dark = true;
  const clock = new FakeClock();
  const subject = transport({ ...FRESH, maxConnections: 1 }, clock);
  const sending = send(subject, to.url, { body: 'a' });
  await until(() => to.peer.accepted === 1);
  clock.advance(2 * SLOW_MS);
  expect(subject.stats()).toMatchObject({ connecting: 1 });
  to.letThrough(0);
  expect(await textOf(await sending)).toBe('ok');
  expect(subject.stats()).toMatchObject({ waiting: 0 });
  expect(to.peer.accepted).toBe(1);
});

test('with no room the first connection that comes free takes the upload', async () => {
  const to = await darkPeer();
  const clock = new FakeClock();
  const subject = transport({ ...POOLED, maxConnections: 2 }, clock);
  const busy = await send(subject, to.url, { body: 'a' });
  to.dark = true;
  const sending = send(subject, to.url, { body: 'b' });
  await until(() => to.peer.accepted === 2);
  clock.advance(SLOW_MS);
  await textOf(busy);
  const response = await sending;
  expect(await textOf(response)).toBe('ok');
  expect((await response.done).connectionId).toBe((await busy.done).connectionId);
});
