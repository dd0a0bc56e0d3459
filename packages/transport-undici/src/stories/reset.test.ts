import { fromBytes, POOLED } from '@ferry/core';
import { describe, expect, it } from 'vitest';
import { CODE, frame, type RawConnection } from '../testing/raw-peer.ts';
import { failureOf, text, World } from '../testing/world.ts';

const world = new World();

const resettingFirst = (code: number) => (connection: RawConnection) => {
  connection.settings();
  connection.on('whole', (id: number) => {
    if (connection.index === 0) connection.reset(id, code);
    else connection.answer(id);
  });
};

describe.each([
  ['PROTOCOL_ERROR', CODE.PROTOCOL_ERROR],
  ['INTERNAL_ERROR', CODE.INTERNAL_ERROR],
  ['CANCEL', CODE.CANCEL],
  ['ENHANCE_YOUR_CALM', CODE.ENHANCE_YOUR_CALM],
  ['NO_ERROR', CODE.NO_ERROR],
] as const)('a stream reset with %s before the answer', (name, code) => {
  it('leaves the fate of the upload unknown, and the next one goes on a new connection', async () => {
    const peer = await world.peer(resettingFirst(code));
    const subject = await world.transport(POOLED);
    const error = await failureOf(subject.send(peer));
    expect(error).toMatchObject({ kind: 'reset', delivery: 'unknown', h2Code: name, phase: 'headers' });
    expect(subject.of('retired').map((e) => e.reason)).toEqual(['stream-error']);
    const response = await subject.send(peer);
    expect(await text(response)).toBe('ok');
    expect(response.exchange.connectionId).not.toBe(error.exchange.connectionId);
  });
});

it('a connection that resets every stream after its first is not used for a third', async () => {
  const peer = await world.peer((connection) => {
    connection.settings();
    connection.on('whole', (id: number) => {
      if (id === 1) connection.answer(id);
      else connection.reset(id, CODE.PROTOCOL_ERROR);
    });
  });
  const subject = await world.transport(POOLED);
  await text(await subject.send(peer));
  expect(await failureOf(subject.send(peer))).toMatchObject({ h2Code: 'PROTOCOL_ERROR' });
  expect(await text(await subject.send(peer))).toBe('ok');
  expect(peer.connections).toHaveLength(2);
});

it('a refused stream proves that nothing happened, and its connection is kept', async () => {
  const peer = await world.peer((connection) => {
    connection.settings();
    connection.on('whole', (id: number) => {
      if (id === 1) connection.reset(id, CODE.REFUSED_STREAM);
      else connection.answer(id);
    });
  });
  const subject = await world.transport(POOLED);
  const error = await failureOf(subject.send(peer));
  expect(error).toMatchObject({ kind: 'stream-refused', delivery: 'refused', h2Code: 'REFUSED_STREAM' });
  expect(await text(await subject.send(peer))).toBe('ok');
  expect(peer.connections).toHaveLength(1);
});

it('a second refused stream retires the connection', async () => {
  const peer = await world.peer((connection) => {
    connection.settings();
    connection.on('whole', (id: number) => connection.reset(id, CODE.REFUSED_STREAM));
  });
  const subject = await world.transport(POOLED);
  for (let i = 0; i < 2; i += 1) {
    expect(await failureOf(subject.send(peer))).toMatchObject({ kind: 'stream-refused' });
  }
  expect(subject.of('retired').map((e) => e.reason)).toEqual(['refused-twice']);
  expect(peer.connections).toHaveLength(1);
});

it.each(['GET', 'POST'] as const)(
  'a refused %s without a body is not resent behind our back',
  async (method) => {
    let requests = 0;
    const peer = await world.peer((connection) => {
      connection.settings();
      connection.on('whole', (id: number) => {
        requests += 1;
        connection.reset(id, CODE.REFUSED_STREAM);
      });
    });
    const subject = await world.transport(POOLED);
    const error = await failureOf(subject.send(peer, { method, body: fromBytes(new Uint8Array(0)) }));
    expect(error).toMatchObject({ kind: 'stream-refused', delivery: 'refused' });
    const { connectionId } = error.exchange;
    // What would have been resent is on the wire before the next request.
    await failureOf(subject.send(peer, { method }));
    expect(requests).toBe(2);
    expect(connectionId).toBe(subject.of('reused')[0]?.connectionId);
  },
);

it('a refused request is sent elsewhere when it must avoid the connection that refused it', async () => {
  const peer = await world.peer(resettingFirst(CODE.REFUSED_STREAM));
  const subject = await world.transport(POOLED);
  const { exchange } = await failureOf(subject.send(peer));
  const avoid = new Set([exchange.connectionId ?? '']);
  const response = await subject.send(peer, { avoid });
  expect(await text(response)).toBe('ok');
  expect(avoid).not.toContain(response.exchange.connectionId);
});

it('HTTP_1_1_REQUIRED before the request had left whole asks for the other transport', async () => {
  const peer = await world.peer((connection) => {
    connection.settings();
    connection.grantWindow = false;
    connection.on('request', (id: number) => connection.reset(id, CODE.HTTP_1_1_REQUIRED));
  });
  const subject = await world.transport(POOLED);
  const error = await failureOf(subject.send(peer, { body: fromBytes(new Uint8Array(500_000)) }));
  expect(error).toMatchObject({ kind: 'http1-required', delivery: 'refused', h2Code: 'HTTP_1_1_REQUIRED' });
  expect(subject.of('retired')).toHaveLength(1);
});

it('HTTP_1_1_REQUIRED for a request that had left whole does not prove that nothing was done', async () => {
  const peer = await world.peer(resettingFirst(CODE.HTTP_1_1_REQUIRED));
  const subject = await world.transport(POOLED);
  const error = await failureOf(subject.send(peer));
  expect(error).toMatchObject({ kind: 'http1-required', delivery: 'unknown', h2Code: 'HTTP_1_1_REQUIRED' });
  expect(subject.of('retired')).toHaveLength(1);
});

it('a reset after the whole answer is no failure, even for a slow reader', async () => {
  const long = 'x'.repeat(16_000);
  const peer = await world.peer((connection) => {
    connection.settings();
    connection.on('whole', (id: number) => {
      connection.answer(id, long);
      connection.reset(id, CODE.NO_ERROR);
    });
  });
  const subject = await world.transport(POOLED);
  const response = await subject.send(peer);
  await response.done;
  expect(await text(response)).toBe(long);
  expect(await text(await subject.send(peer))).toBe(long);
  expect(peer.connections).toHaveLength(1);
});

it('FIN in the middle of the upload leaves its fate unknown', async () => {
  const peer = await world.peer((connection) => {
    connection.settings();
    connection.on('request', () => connection.socket.end());
  });
  const subject = await world.transport(POOLED);
  const error = await failureOf(subject.send(peer, { body: fromBytes(new Uint8Array(500_000)) }));
  expect(error).toMatchObject({ kind: 'reset', delivery: 'unknown', phase: 'request', h2Code: undefined });
});

it('FIN after the body leaves its fate unknown', async () => {
  const peer = await world.peer((connection) => {
    connection.settings();
    connection.on('whole', () => connection.socket.end());
  });
  const subject = await world.transport(POOLED);
  expect(await failureOf(subject.send(peer))).toMatchObject({
    kind: 'reset',
    delivery: 'unknown',
    h2Code: undefined,
  });
});

it('TCP RST in the middle of the upload leaves its fate unknown', async () => {
  const peer = await world.peer((connection) => {
    connection.settings();
    connection.on('request', () => connection.resetTcp());
  });
  const subject = await world.transport(POOLED);
  const error = await failureOf(subject.send(peer, { body: fromBytes(new Uint8Array(500_000)) }));
  expect(error).toMatchObject({ kind: 'reset', delivery: 'unknown', h2Code: undefined });
  expect(subject.of('retired').map((e) => e.reason)).toEqual(['socket']);
});

it('after garbage from the peer the next request at once succeeds', async () => {
  const peer = await world.peer((connection) => {
    connection.settings();
    connection.on('whole', (id: number) => {
      if (connection.index > 0) connection.answer(id);
      else connection.send(frame(0, 0, 0, Buffer.from('DATA on stream 0 is a connection error')));
    });
  });
  const subject = await world.transport(POOLED);
  const error = await failureOf(subject.send(peer));
  expect(error).toMatchObject({ kind: 'protocol', delivery: 'unknown', h2Code: undefined });
  expect(await text(await subject.send(peer))).toBe('ok');
});
