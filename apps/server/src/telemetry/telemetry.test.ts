import { systemClock } from '@ferry/core';
import { expect, test } from 'vitest';
import { Telemetry } from './telemetry.ts';

const event = { type: 'upstream', provider: 'xai', change: 'connected' } as const;

function stream(): { readonly telemetry: Telemetry; readonly broken: string[] } {
  const broken: string[] = [];
  return { telemetry: new Telemetry({ clock: systemClock, onBroken: (name) => broken.push(name) }), broken };
}

test('everybody hears of everything, in order and with its time', () => {
  const { telemetry } = stream();
  const heard: string[] = [];
  telemetry.subscribe('one', ({ type, at }) => heard.push(`one ${type} ${at > 0}`));
  telemetry.subscribe('two', ({ type, at }) => heard.push(`two ${type} ${at > 0}`));
  telemetry.publish(event);
  expect(heard).toEqual(['one upstream true', 'two upstream true']);
});

test('a subscriber that throws harms neither the teller nor the others, and is reported once', () => {
  const { telemetry, broken } = stream();
  let heard = 0;
  telemetry.subscribe('faulty', () => {
    throw new Error('broken');
  });
  telemetry.subscribe('sound', () => {
    heard += 1;
  });
  for (let i = 0; i < 3; i += 1) telemetry.publish(event);
  expect(heard).toBe(3);
  expect(broken).toEqual(['faulty']);
});

test('a report that fails harms nobody either', () => {
  const telemetry = new Telemetry({
    clock: systemClock,
    onBroken: () => {
      throw new Error('no log');
    },
  });
  telemetry.subscribe('faulty', () => {
    throw new Error('broken');
  });
  expect(() => telemetry.publish(event)).not.toThrow();
});

test('who has left hears nothing any more', () => {
  const { telemetry } = stream();
  let heard = 0;
  const leave = telemetry.subscribe('one', () => {
    heard += 1;
    // In the middle of being told.
    leave();
  });
  telemetry.publish(event);
  telemetry.publish(event);
  expect([heard, telemetry.subscribers]).toEqual([1, 0]);
});
