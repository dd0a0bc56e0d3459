import { expect, test } from 'vitest';
import { fireSteps } from './fire/fire.ts';
import { FULL_DESIGN } from './gateway/design.ts';
import { gatewaySteps } from './gateway/run-gateway.ts';
import { type Mode, planOf } from './plan.ts';
import { promiseSteps } from './promises/measure.ts';
import { transportSteps } from './transports/measure.ts';

/** By what the steps expect of two cores that do nothing else. */
function minutesOf(mode: Mode): number {
  const { transports, promises, gateway, fire } = planOf(mode);
  const steps = [
    ...transportSteps(transports),
    ...promiseSteps(promises),
    ...gatewaySteps(gateway),
    ...fireSteps(fire),
  ];
  return steps.reduce((sum, { seconds }) => sum + seconds, 0) / 60;
}

test('a quick run takes less than 3 minutes, a full one about 25', () => {
  expect(minutesOf('quick')).toBeLessThan(3);
  expect(minutesOf('full')).toBeLessThan(25.5);
});

test('distances are varied one at a time, where they show', () => {
  const alone = FULL_DESIGN.filter(
    ({ atOnce, bodyBytes, windowBytes }) =>
      atOnce === 1 && bodyBytes === 1_000_000 && windowBytes === 1_048_576,
  );
  expect(alone.map(({ roundTripMs }) => roundTripMs)).toEqual([0, 50, 100]);
});

test.each(['quick', 'full'] as const)(
  'a %s run warms up for a second and two requests a connection, and measures several',
  (mode) => {
    const { gateway } = planOf(mode);
    expect(gateway.warmUpMs).toBeGreaterThanOrEqual(1_000);
    expect(gateway.warmUpRequests).toBeGreaterThanOrEqual(2);
    expect(gateway.minEach).toBeGreaterThanOrEqual(3);
  },
);
