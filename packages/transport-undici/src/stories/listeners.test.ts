import { EventEmitter } from 'node:events';
import { FRESH, POOLED } from '@ferry/core';
import { afterEach, expect, it, vi } from 'vitest';
import { text, World } from '../testing/world.ts';

afterEach(() => vi.restoreAllMocks());
const world = new World();

// Node looks after the promises that listeners return (`addCatch` in its events.js). Once a listener has returned anything, every `emit()`
// of the whole process keeps its arguments in an array for that: 2 kB of garbage for each upload.
it('no listener on a connection, its session or its streams returns anything', async () => {
  const server = await world.server();
  const heard = new Set<string | symbol>();
  const sockets = new Set<EventEmitter>();
  const returned: string[] = [];
  const { emit } = EventEmitter.prototype;
  vi.spyOn(EventEmitter.prototype, 'emit').mockImplementation(function (this: EventEmitter, event, ...args) {
    // The server is in the same process, and its listeners are its own business.
    if (event === 'connectionAttempt') sockets.add(this);
    if (!sockets.has(this) && !this.constructor.name.startsWith('ClientHttp2')) {
      return emit.call(this, event, ...args);
    }
    heard.add(event);
    const listeners = this.rawListeners(event);
    for (const listener of listeners) {
      if (listener.apply(this, args) != null) returned.push(`${String(event)}: ${listener}`);
    }
    return listeners.length > 0;
  });
  for (const policy of [POOLED, FRESH]) {
    const subject = await world.transport(policy);
    for (let i = 0; i < 2; i += 1) await text(await subject.send(server));
    await subject.transport.close();
  }
  expect([...heard]).toEqual(
    expect.arrayContaining([
      'connectionAttempt',
      'secureConnect',
      'remoteSettings',
      'response',
      'end',
      'close',
    ]),
  );
  expect(returned).toEqual([]);
});
