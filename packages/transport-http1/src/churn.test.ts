import type { Socket } from 'node:net';
import { FRESH, fromBytes, POOLED, PREWARMED, TransportError } from '@ferry/core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { onHead } from './testing/peer.ts';
import { Stage, send, textOf } from './testing/stage.ts';

let stage: Stage;
beforeEach(() => {
  stage = new Stage();
});
afterEach(() => stage.strike());

/** Numbers in [0, 1) that are the same in every run (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const MOODS: readonly ((socket: Socket) => void)[] = [
  (socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'),
  (socket) => socket.write('HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok'),
  (socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\ncut'),
  (socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nokHTTP/1.1 200 OK\r\n\r\nunasked'),
  (socket) => socket.write('garbage\r\n\r\n'),
  (socket) => socket.destroy(),
  (socket) => socket.resetAndDestroy(),
  (socket) => socket.pause(),
];

test.each([
  ['FRESH', FRESH, 1],
  ['PREWARMED', PREWARMED, 2],
  ['POOLED', POOLED, 3],
] as const)(
  'in any mixture of faults and aborts every %s send settles and no socket remains',
  async (_profile, policy, seed) => {
    const random = seeded(seed);
    const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)] as T;
    const peer = await stage.raw((socket) => {
      const mood = pick(MOODS);
      if (random() < 0.2) socket.once('data', () => mood(socket));
      else onHead(socket, () => pick(MOODS)(socket));
    });
    const transport = stage.transport({ ...policy, maxConnections: 4, maxWaiting: 8 });
    const kinds = new Set<string>();
    const one = async (): Promise<void> => {
      const controller = new AbortController();
      const body = fromBytes(new Uint8Array(pick([0, 5, 100_000, 2_000_000])));
      const limits = { headersMs: 150, idleMs: 150, connectMs: 1_000, totalMs: 2_000 };
      if (random() < 0.2) setTimeout(() => controller.abort(), random() * 30);
      try {
        const response = await send(transport, peer.url, { body, limits, signal: controller.signal });
        if (random() < 0.2) await response.body[Symbol.asyncIterator]().return?.(undefined);
        else kinds.add(await textOf(response));
      } catch (error) {
        if (!TransportError.is(error)) throw error;
        kinds.add(error.kind);
      }
    };
    const worker = async (): Promise<void> => {
      for (let round = 0; round < 25; round++) await one();
    };
    await Promise.all(Array.from({ length: 8 }, worker));
    expect([...kinds]).toEqual(expect.arrayContaining(['ok', 'reset', 'protocol', 'timeout', 'aborted']));
    expect(transport.stats()).toMatchObject({ streams: 0, waiting: 0 });
  },
);
