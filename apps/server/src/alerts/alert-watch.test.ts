import { FakeClock } from '@ferry/core/testing';
import { expect, test } from 'vitest';
import { type Config, configSchema } from '../config/schema.ts';
import { Telemetry } from '../telemetry/telemetry.ts';
import type { CallOutcome } from '../telemetry/telemetry-event.ts';
import { AlertWatch } from './alert-watch.ts';

const SETTINGS: Config['alerts'] = {
  ...configSchema.parse({}).alerts,
  window_s: 60,
  min_uploads: 4,
  for_s: 10,
};

/** A watch over uploads that are told to it, and what it said. */
function watching(settings: () => Config['alerts'] = () => SETTINGS) {
  const clock = new FakeClock();
  const telemetry = new Telemetry({
    clock,
    onBroken: (_name, error) => {
      throw error;
    },
  });
  const said: string[] = [];
  const watch = new AlertWatch(telemetry, settings, ({ rule, state }) =>
    said.push(`${rule.name} ${state.type}`),
  );
  const uploads = (count: number, outcome: CallOutcome): void => {
    for (let left = count; left > 0; left -= 1) {
      telemetry.publish({
        type: 'call-ended',
        callId: 'upl_1',
        operation: 'upload',
        requestId: 'req_1',
        provider: 'xai',
        origin: 'https://api.x.ai',
        outcome,
        attempts: 1,
        bytes: 1,
        durationMs: 500,
        upstreamMs: 500,
      });
    }
  };
  const stateOf = (name: string) => watch.list().find(({ rule }) => rule.name === name)?.state.type;
  return { clock, watch, said, uploads, stateOf };
}

const FAILING = 'FerryUploadsFailing';

test('an alert is pending first, fires when it lasts, and resolves when uploads arrive again', () => {
  const { clock, watch, said, uploads, stateOf } = watching();
  using _ = watch;
  uploads(6, 'failed');
  clock.advance(1_000);
  expect([stateOf(FAILING), said]).toEqual(['pending', []]);
  clock.advance(10_000);
  expect(stateOf(FAILING)).toBe('firing');
  expect(said).toEqual([`${FAILING} firing`, 'FerryUploadsFailingBadly firing']);

  clock.advance(60_000);
  uploads(6, 'ok');
  clock.advance(1_000);
  expect(said.slice(2)).toEqual([`${FAILING} resolved`, 'FerryUploadsFailingBadly resolved']);
});

test('a bad moment that passes tells nobody', () => {
  const { clock, watch, said, uploads, stateOf } = watching();
  using _ = watch;
  uploads(4, 'failed');
  clock.advance(5_000);
  expect(stateOf(FAILING)).toBe('pending');
  uploads(200, 'ok');
  clock.advance(60_000);
  expect([stateOf(FAILING), said]).toEqual(['inactive', []]);
});

test('too little traffic says nothing', () => {
  const { clock, watch, said, uploads } = watching();
  using _ = watch;
  uploads(3, 'failed');
  clock.advance(30_000);
  expect(said).toEqual([]);
  expect(watch.list().find(({ rule }) => rule.name === FAILING)?.value).toBeUndefined();
});

test('a threshold that is changed while it fires is looked at anew', () => {
  let settings = SETTINGS;
  const { clock, watch, said, uploads } = watching(() => settings);
  using _ = watch;
  uploads(4, 'ok');
  uploads(4, 'failed');
  clock.advance(12_000);
  expect(said).toContain(`${FAILING} firing`);
  settings = { ...SETTINGS, success_warning: 0.4, success_critical: 0.3 };
  clock.advance(1_000);
  expect(said).toContain(`${FAILING} resolved`);
});

test('switched off, it watches nothing and resolves what fired', () => {
  let settings = SETTINGS;
  const { clock, watch, said, uploads, stateOf } = watching(() => settings);
  using _ = watch;
  uploads(6, 'failed');
  clock.advance(12_000);
  settings = { ...SETTINGS, enabled: false };
  clock.advance(1_000);
  expect(stateOf(FAILING)).toBe('resolved');
  expect(said.filter((line) => line.endsWith('resolved'))).toHaveLength(2);
});

test('a watch that is disposed of leaves no timer', () => {
  const { clock, watch } = watching();
  expect(clock.pending).toBe(1);
  watch[Symbol.dispose]();
  expect(clock.pending).toBe(0);
});
