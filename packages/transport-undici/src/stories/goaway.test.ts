import { fromBytes, POOLED } from '@ferry/core';
import { expect, it } from 'vitest';
import { CODE, type RawConnection } from '../testing/raw-peer.ts';
import { failureOf, text, World } from '../testing/world.ts';

const world = new World();

/** Answers every whole request. */
function answering(connection: RawConnection): void {
  connection.settings();
  connection.on('whole', (id: number) => connection.answer(id));
}

it('a request above the last stream of a GOAWAY was provably not acted upon, and the next one arrives elsewhere', async () => {
  const peer = await world.peer((connection) => {
    if (connection.index > 0) return answering(connection);
    connection.settings();
    connection.on('request', () => connection.goaway(0, CODE.NO_ERROR));
  });
  const subject = await world.transport(POOLED);
  const error = await failureOf(subject.send(peer));
  expect(error).toMatchObject({ kind: 'goaway', delivery: 'refused', h2Code: 'NO_ERROR' });
  expect(await text(await subject.send(peer))).toBe('ok');
  expect(subject.of('retired')[0]).toMatchObject({
    connectionId: error.exchange.connectionId,
    reason: 'goaway',
  });
  expect(peer.connections).toHaveLength(2);
});

it('a GET refused by GOAWAY is not resent behind our back', async () => {
  const peer = await world.peer((connection) => {
    connection.settings();
    connection.on('request', () => connection.goaway(0, CODE.NO_ERROR));
  });
  const subject = await world.transport(POOLED);
  const error = await failureOf(subject.send(peer, { method: 'GET' }));
  expect(error).toMatchObject({ kind: 'goaway', delivery: 'refused' });
  await expect.poll(() => peer.openSockets()).toBe(0);
  expect(peer.connections).toHaveLength(1);
});

it('a request at or below the last stream of a GOAWAY completes', async () => {
  const peer = await world.peer((connection) => {
    connection.settings();
    connection.on('whole', (id: number) => {
      connection.goaway(id, CODE.NO_ERROR);
      connection.answer(id);
    });
  });
  const subject = await world.transport(POOLED);
  expect(await text(await subject.send(peer))).toBe('ok');
  await expect.poll(() => subject.of('retired').map((e) => e.reason)).toEqual(['goaway']);
});

it('a peer that goes away and closes with our request under way leaves its fate unknown', async () => {
  const peer = await world.peer((connection) => {
    connection.settings();
    connection.on('whole', (id: number) => {
      connection.goaway(id, CODE.NO_ERROR);
      connection.socket.end();
    });
  });
  const subject = await world.transport(POOLED);
  expect(await failureOf(subject.send(peer))).toMatchObject({ delivery: 'unknown', kind: 'goaway' });
});

it('a GOAWAY with an error code on our stream leaves its fate unknown', async () => {
  const peer = await world.peer((connection) => {
    connection.settings();
    connection.on('whole', (id: number) => connection.goaway(id, CODE.INTERNAL_ERROR));
  });
  const subject = await world.transport(POOLED);
  const error = await failureOf(subject.send(peer));
  expect(error).toMatchObject({ delivery: 'unknown', kind: 'goaway', h2Code: 'INTERNAL_ERROR' });
});

it('a second GOAWAY that lowers the last stream refuses what the first had let live', async () => {
  const peer = await world.peer((connection) => {
    connection.settings();
    connection.on('whole', () => {
      connection.goaway(2 ** 31 - 1, CODE.NO_ERROR);
      connection.goaway(0, CODE.NO_ERROR);
    });
  });
  const subject = await world.transport(POOLED);
  expect(await failureOf(subject.send(peer))).toMatchObject({ delivery: 'refused', kind: 'goaway' });
});

it('a GOAWAY on every connection fails every request once, without a storm', async () => {
  const peer = await world.peer((connection) => {
    connection.settings();
    connection.on('request', () => connection.goaway(0, CODE.NO_ERROR));
  });
  const subject = await world.transport(POOLED);
  for (let i = 0; i < 3; i += 1) {
    expect(await failureOf(subject.send(peer))).toMatchObject({ kind: 'goaway', delivery: 'refused' });
  }
  expect(peer.connections).toHaveLength(3);
});

it('a GOAWAY between two requests does not disturb the second', async () => {
  const peer = await world.peer(answering);
  const subject = await world.transport(POOLED);
  await text(await subject.send(peer));
  peer.connections[0]?.goaway(1, CODE.NO_ERROR);
  await expect.poll(() => subject.of('retired')).toHaveLength(1);
  expect(await text(await subject.send(peer))).toBe('ok');
  expect(peer.connections).toHaveLength(2);
});

it('a peer that goes away before the first request has got nothing', async () => {
  const peer = await world.peer((connection) => {
    connection.settings();
    connection.goaway(0, CODE.NO_ERROR);
  });
  const subject = await world.transport(POOLED);
  const error = await failureOf(subject.send(peer));
  expect(error.kind).toBe('goaway');
  expect(['not-sent', 'refused']).toContain(error.delivery);
  await expect.poll(() => peer.openSockets()).toBe(0);
});

it('a GOAWAY with HTTP_1_1_REQUIRED asks for the other transport', async () => {
  const peer = await world.peer((connection) => {
    connection.settings();
    connection.on('request', () => connection.goaway(0, CODE.HTTP_1_1_REQUIRED));
  });
  const subject = await world.transport(POOLED);
  expect(await failureOf(subject.send(peer))).toMatchObject({ kind: 'http1-required', delivery: 'refused' });
});

it('siblings already on a connection that goes away may finish', async () => {
  const peer = await world.peer((connection) => {
    connection.settings();
    const open: number[] = [];
    connection.on('whole', (id: number) => {
      open.push(id);
      if (open.length < 3) return;
      connection.goaway(3, CODE.NO_ERROR);
      for (const stream of open.slice(0, 2)) connection.answer(stream);
    });
  });
  const subject = await world.transport({ ...POOLED, maxConnections: 1 });
  const body = () => fromBytes(new Uint8Array(100));
  const outcomes = await Promise.allSettled(
    [0, 1, 2].map(() => subject.send(peer, { body: body() }).then(text)),
  );
  expect(outcomes.map((outcome) => outcome.status)).toEqual(['fulfilled', 'fulfilled', 'rejected']);
  expect(outcomes[2]).toMatchObject({ reason: { kind: 'goaway', delivery: 'refused' } });
});
