import { FakeClock } from '@ferry/core/testing';
import { expect, test } from 'vitest';
import { configSchema } from '../config/schema.ts';
import { Admission } from './admission.ts';

const never = new AbortController().signal;
const A = { caller: 'a' };

const door = (server: object, clock = new FakeClock()): { admission: Admission; clock: FakeClock } => ({
  admission: new Admission(configSchema.parse({ server }), clock),
  clock,
});

const refusedFor = (seconds: number) =>
  expect.objectContaining({
    fields: expect.objectContaining({ status: 503, code: 'overloaded', retryAfterMs: seconds * 1_000 }),
  });

test('one request more than may be inside waits, and enters when a place is free', async () => {
  const { admission, clock } = door({ max_requests: 1, max_queue: 1 });
  const first = await admission.enter(A, never);
  const second = admission.enter(A, never);
  expect([admission.running, admission.waiting]).toEqual([1, 1]);
  first.release();
  (await second).release();
  expect([admission.running, admission.waiting, clock.pending]).toEqual([0, 0, 0]);
});

test('what waits too long is turned away, and leaves no place in the line', async () => {
  const { admission, clock } = door({ max_requests: 1, max_queue: 1, max_queue_ms: 5_000 });
  const first = await admission.enter(A, never);
  const second = admission.enter(A, never);
  const refused = expect(second).rejects.toEqual(refusedFor(5));
  clock.advance(5_000);
  await refused;
  expect(admission.waiting).toBe(0);
  first.release();
  expect([admission.running, clock.pending]).toEqual([0, 0]);
});

test('a caller that goes away while it waits leaves the line', async () => {
  const { admission, clock } = door({ max_requests: 1 });
  const first = await admission.enter(A, never);
  const gone = new AbortController();
  const second = expect(admission.enter(A, gone.signal)).rejects.toThrow('gone');
  gone.abort(new Error('gone'));
  await second;
  first.release();
  expect([admission.running, admission.waiting, clock.pending]).toEqual([0, 0, 0]);
});

test('retry-after is the time that recent requests took, by places, and by those who wait before', async () => {
  const { admission, clock } = door({ max_requests: 2, max_queue: 0 });
  for (let i = 0; i < 3; i++) {
    const places = [await admission.enter(A, never), await admission.enter(A, never)];
    clock.advance(12_000);
    for (const place of places) place.release();
  }
  await admission.enter(A, never);
  await admission.enter(A, never);
  await expect(admission.enter(A, never)).rejects.toEqual(refusedFor(6));
});

test('retry-after grows with what runs longer than what has ended, from a second to a minute', async () => {
  const { admission, clock } = door({ max_requests: 1, max_queue: 0 });
  await admission.enter(A, never);
  await expect(admission.enter(A, never)).rejects.toEqual(refusedFor(1));
  clock.advance(20_000);
  await expect(admission.enter(A, never)).rejects.toEqual(refusedFor(20));
  clock.advance(3_000_000);
  await expect(admission.enter(A, never)).rejects.toEqual(refusedFor(60));
});
