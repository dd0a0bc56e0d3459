import { FRESH, POOLED } from '@ferry/core';
import { listenersDuring } from '@ferry/core/testing';
import { expect, it } from 'vitest';
import { text, World } from '../testing/world.ts';

const world = new World();

it('no listener on a connection, its session or its streams returns anything', async () => {
  const server = await world.server();
  const heard = await listenersDuring(async () => {
    for (const policy of [POOLED, FRESH]) {
      const subject = await world.transport(policy);
      for (let i = 0; i < 2; i += 1) await text(await subject.send(server));
      await subject.transport.close();
    }
  });
  const events = heard.map(({ event }) => event);
  expect(events).toEqual(
    expect.arrayContaining(['connectionAttempt', 'remoteSettings', 'response', 'close']),
  );
  expect(heard.filter(({ returned }) => returned)).toEqual([]);
});
