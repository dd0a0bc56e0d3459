import { expect, it } from 'vitest';
import { RoundTrips } from './round-trips.ts';

it('a handshake that ended at a load balancer counts until the way to the peer is measured', () => {
  const trips = new RoundTrips();
  expect([trips.ms, trips.toPeerMs]).toEqual([0, undefined]);
  trips.note(1, false);
  expect([trips.ms, trips.toPeerMs]).toEqual([1, undefined]);
  // Nearer than the peer: by it every proof would be late.
  trips.note(100, true);
  expect([trips.ms, trips.toPeerMs]).toEqual([100, 100]);
});

it('of several measures the shortest counts', () => {
  const trips = new RoundTrips();
  for (const ms of [400, 30, 90]) trips.note(ms, true);
  expect([trips.ms, trips.toPeerMs]).toEqual([30, 30]);
});

it('an answer makes a known way shorter, and never one known: it may have taken its time', () => {
  const trips = new RoundTrips();
  trips.note(1, false);
  trips.atMost(20_000);
  expect([trips.ms, trips.toPeerMs]).toEqual([1, undefined]);
  trips.note(100, true);
  trips.atMost(20_000);
  expect([trips.ms, trips.toPeerMs]).toEqual([100, 100]);
  trips.atMost(7);
  expect([trips.ms, trips.toPeerMs]).toEqual([7, 7]);
});
