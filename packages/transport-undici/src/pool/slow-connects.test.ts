import { FakeClock } from '@ferry/core/testing';
import { expect, it } from 'vitest';
import type { ConnectionFacts } from './admission.ts';
import { instant } from './connection.ts';
import { SlowConnects, slowConnectAfter } from './slow-connects.ts';

const connecting = (clock: FakeClock): ConnectionFacts => {
  const now = instant(clock);
  const moments = { connectingSince: now, openedAt: now, usedAt: now, heardAt: now };
  const limits = { peerMaxStreams: 1, limitKnown: false };
  return { id: 'a', state: 'connecting', uses: 0, streams: 0, proof: 'none', ...limits, ...moments };
};

it.each([
  ['nothing is known: as long as a lost SYN takes to be repeated', undefined, 1_000],
  ['a near peer is given the time of one address', 5, 250],
  ['a far one a few round trips', 300, 1_200],
])('%s', (_, roundTripMs, expected) => {
  expect(slowConnectAfter(roundTripMs)).toBe(expected);
});

it('one slow round trip does not make every connection wait', () => {
  const slow = new SlowConnects(new FakeClock());
  slow.noteRoundTrip(40);
  slow.noteRoundTrip(200);
  expect(slow.slowConnectMs).toBe(250);
});

it('whoever counts on a connection is told once when it becomes slow', () => {
  const clock = new FakeClock();
  const slow = new SlowConnects(clock);
  let told = 0;
  const facts = [connecting(clock)];
  slow.watch(facts, () => {
    told += 1;
    slow.watch(facts, () => {
      told += 1;
    });
  });
  clock.advance(999);
  expect(told).toBe(0);
  clock.advance(1);
  expect([told, clock.pending]).toEqual([1, 0]);
});

it('no timer is left when nobody counts on a connection any more', () => {
  const clock = new FakeClock();
  const slow = new SlowConnects(clock);
  slow.watch([connecting(clock)], () => undefined);
  expect(clock.pending).toBe(1);
  slow.watch([], () => undefined);
  expect(clock.pending).toBe(0);
});
