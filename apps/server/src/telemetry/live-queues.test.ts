import { FakeClock } from '@ferry/core/testing';
import { expect, test } from 'vitest';
import { LiveQueues } from './live-queues.ts';
import { Telemetry } from './telemetry.ts';
import type { TelemetryEvent } from './telemetry-event.ts';

test('a queue is told of once a second when it has changed, and not when it has not', () => {
  const clock = new FakeClock();
  const telemetry = new Telemetry({ clock, onBroken: () => undefined });
  const events: TelemetryEvent[] = [];
  telemetry.subscribe('test', (event) => events.push(event));
  using queues = new LiveQueues(telemetry);
  let state = { running: 1, waiting: 0, limit: 25 };
  queues.watch('uploads', () => state);

  clock.advance(5_000);
  expect(events).toMatchObject([{ type: 'queue', queue: 'uploads', running: 1, waiting: 0, limit: 25 }]);
  state = { ...state, waiting: 3 };
  expect(queues.list()).toEqual([{ queue: 'uploads', ...state }]);
  clock.advance(1_000);
  expect(events.slice(1)).toMatchObject([{ queue: 'uploads', waiting: 3 }]);
});

test('it leaves no timer', () => {
  const clock = new FakeClock();
  const queues = new LiveQueues(new Telemetry({ clock, onBroken: () => undefined }));
  expect(clock.pending).toBe(1);
  queues[Symbol.dispose]();
  expect(clock.pending).toBe(0);
});
