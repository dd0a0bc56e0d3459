import { expect, test } from 'vitest';
import { CENTRE, type GatewaySetting } from '../gateway/design.ts';
import type { Measurement, Round } from '../results/measurement.ts';
import { distributionOf } from '../results/quantiles.ts';
import { DEFAULT_VARIANTS } from '../transports/variants.ts';
import { chartsOf } from './charts.ts';
import { colourOf } from './colours.ts';

function gateway(variant: string, change: Partial<GatewaySetting>, rounds: readonly Round[]): Measurement {
  return { part: 'gateway', setting: { ...CENTRE, ...change }, variant, label: variant, rounds };
}

function chartNamed(name: string, measurements: readonly Measurement[]): string {
  return chartsOf({ measurements }).find(({ path }) => path.includes(name))?.svg ?? '';
}

test('no two clients of a chart have the same colour', () => {
  const colours = DEFAULT_VARIANTS.filter((variant) => variant !== 'undici-agent-iterable').map(colourOf);
  expect(new Set(colours).size).toBe(colours.length);
});

test('overhead is drawn against the distance one at a time, where processors do not hide it', () => {
  const measurements = [0, 50, 100].flatMap((roundTripMs) => [
    gateway('auto', { roundTripMs, atOnce: 1 }, [
      { overheadMs: roundTripMs - 3 },
      { overheadMs: roundTripMs },
    ]),
    ...(roundTripMs === 100 ? [] : [gateway('auto', { roundTripMs }, [{ overheadMs: 7_777 }])]),
  ]);
  const svg = chartNamed('overhead', measurements);
  expect(svg).toContain('one at a time');
  expect(svg.match(/<circle/g)).toHaveLength(3);
  expect(svg.match(/class="whisker"/g)).toHaveLength(3);
  expect(svg).not.toContain('8000');
});

test('a latency is drawn as far as there were enough requests to tell it from the slowest of all', () => {
  const distribution = distributionOf(Array.from({ length: 100 }, (_, i) => 10 + i)) ?? [];
  const dots = (requests: number): number => {
    const measured = gateway('auto', {}, [{ requests, failures: 0, p50Ms: 20 }]);
    return chartNamed('latency', [{ ...measured, distribution }]).match(/<circle/g)?.length ?? 0;
  };
  expect([dots(100), dots(99), dots(20), dots(10), dots(4)]).toEqual([7, 6, 6, 5, 3]);
});

test('the time beside a share is said to be that of the uploads that arrived', () => {
  const setting = { bodyBytes: 100_000, atOnce: 4, trouble: '5 % of streams reset' };
  const fire = (failures: number): Measurement => ({
    part: 'fire',
    setting,
    variant: 'got',
    label: 'got',
    rounds: [{ requests: 200, failures, successRate: 1 - failures / 200, p99Ms: 8 }],
    distribution: distributionOf([8]) ?? [],
  });
  expect(chartNamed('fire', [fire(10)])).toContain('In brackets: of those that arrived');
  expect(chartNamed('fire', [fire(10)])).toContain('95.0 % (p99 8 ms)');
  expect(chartNamed('fire', [{ ...fire(200), distribution: [] }])).toContain('0.0 %<');
});
