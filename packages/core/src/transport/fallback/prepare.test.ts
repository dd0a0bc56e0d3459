import { expect, test } from 'vitest';
import { FakeClock } from '../../testing/fake-clock.ts';
import type { Transport } from '../transport.ts';
import { FallbackMemory } from './fallback-memory.ts';
import { createFallbackTransport } from './fallback-transport.ts';

const ORIGIN = new URL('https://api.example.com/');

function roads(clock: FakeClock) {
  const prepared: string[] = [];
  const road = (name: string): Transport => ({
    name,
    send: () => Promise.reject(new Error('nothing is sent here')),
    prepare: (origin) => void prepared.push(`${name} ${origin.host}`),
    stats: () => ({ live: 0, spare: 0, connecting: 0, retired: 0, streams: 0, waiting: 0 }),
    close: () => Promise.resolve(),
  });
  const memory = new FallbackMemory({ clock, policy: { holdMs: 1_000 } });
  const transport = createFallbackTransport({ h2: road('h2'), http1: road('http1'), memory });
  return { transport, memory, prepared };
}

test('the road that the next request will take is prepared', () => {
  const clock = new FakeClock();
  const { transport, memory, prepared } = roads(clock);
  transport.prepare?.(ORIGIN);
  memory.learn(ORIGIN.origin, 'http1-required', false);
  transport.prepare?.(ORIGIN);
  expect(prepared).toEqual(['h2 api.example.com', 'http1 api.example.com']);
});

test('preparing takes the half-open probe from nobody', () => {
  const clock = new FakeClock();
  const { transport, memory, prepared } = roads(clock);
  memory.learn(ORIGIN.origin, 'http1-required', false);
  clock.advance(1_000);
  transport.prepare?.(ORIGIN);
  expect(prepared).toEqual(['h2 api.example.com']);
  expect(memory.route(ORIGIN.origin)).toBe('probe');
});
