import { POOLED } from '@ferry/core';
import { describe, expect, it } from 'vitest';
import { CODE } from '../testing/raw-peer.ts';
import { failureOf, text, World } from '../testing/world.ts';

const world = new World();

describe.each([
  ['NO_ERROR', CODE.NO_ERROR],
  ['INTERNAL_ERROR', CODE.INTERNAL_ERROR],
  ['CANCEL', CODE.CANCEL],
] as const)('a response cut off by RST_STREAM %s', (name, code) => {
  it('fails after its headers', async () => {
    const peer = await world.peer((connection) => {
      connection.settings();
      connection.on('whole', (id: number) => {
        connection.headers(id, { ':status': '200' });
        connection.reset(id, code);
      });
    });
    const subject = await world.transport(POOLED);
    const response = await subject.send(peer);
    expect(response.status).toBe(200);
    const error = await failureOf(text(response));
    expect(error).toMatchObject({ kind: 'reset', phase: 'body', delivery: 'answered', h2Code: name });
    expect(subject.of('retired').map((e) => e.reason)).toEqual(['stream-error']);
  });

  it('fails in the middle of its body', async () => {
    const peer = await world.peer((connection) => {
      connection.settings();
      connection.on('whole', (id: number) => {
        connection.headers(id, { ':status': '200' });
        connection.data(id, 'half a');
        connection.reset(id, code);
      });
    });
    const subject = await world.transport(POOLED);
    const response = await subject.send(peer);
    expect(await failureOf(text(response))).toMatchObject({ phase: 'body', h2Code: name });
    expect((await response.done).bytesReceived).toBeLessThanOrEqual('half a'.length);
  });
});

it.each([
  ['shorter', 'four'],
  ['longer', 'nine char'],
])('a body %s than its content-length fails', async (_, body) => {
  const peer = await world.peer((connection) => {
    connection.settings();
    connection.on('whole', (id: number) => {
      connection.headers(id, { ':status': '200', 'content-length': '7' });
      connection.data(id, body, { end: true });
    });
  });
  const subject = await world.transport(POOLED);
  const error = await failureOf(subject.send(peer).then(text));
  expect(error).toMatchObject({ kind: 'protocol', delivery: 'answered', phase: 'body', h2Code: undefined });
});

it('a response cut off by FIN fails', async () => {
  const peer = await world.peer((connection) => {
    connection.settings();
    connection.on('whole', (id: number) => {
      connection.headers(id, { ':status': '200' });
      connection.data(id, 'half a');
      connection.socket.end();
    });
  });
  const subject = await world.transport(POOLED);
  const error = await failureOf(subject.send(peer).then(text));
  expect(error).toMatchObject({ kind: 'reset', delivery: 'answered', phase: 'body' });
});

it.each([
  ['on the last DATA frame', 'whole', true, false],
  ['on an empty DATA frame', 'whole', false, true],
] as const)('a response that ends %s is whole', async (_, body, onData, onEmpty) => {
  const peer = await world.peer((connection) => {
    connection.settings();
    connection.on('whole', (id: number) => {
      connection.headers(id, { ':status': '200' });
      connection.data(id, body, { end: onData });
      if (onEmpty) connection.data(id, '', { end: true });
    });
  });
  const subject = await world.transport(POOLED);
  expect(await text(await subject.send(peer))).toBe(body);
});

it.each([
  ['HEAD', '200', { 'content-length': '1234' }],
  ['GET', '204', {}],
  ['GET', '304', { 'content-length': '1234' }],
] as const)('a %s answered %s on its headers alone is whole', async (method, status, fields) => {
  const peer = await world.peer((connection) => {
    connection.settings();
    connection.on('whole', (id: number) =>
      connection.headers(id, { ':status': status, ...fields }, { end: true }),
    );
  });
  const subject = await world.transport(POOLED);
  const response = await subject.send(peer, { method });
  expect(response.status).toBe(Number(status));
  expect(await text(response)).toBe('');
});

it('an interim answer is not the answer', async () => {
  const peer = await world.peer((connection) => {
    connection.settings();
    connection.on('whole', (id: number) => {
      connection.headers(id, { ':status': '103' });
      connection.answer(id);
    });
  });
  const subject = await world.transport(POOLED);
  const response = await subject.send(peer);
  expect([response.status, await text(response)]).toEqual([200, 'ok']);
});
