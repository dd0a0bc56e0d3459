import { CENTRE } from '../gateway/design.ts';
import { DIRECT } from '../gateway/profiles.ts';
import { median } from '../report.ts';
import { type Measurement, type Metric, sizeName, valuesOf, windowName } from '../results/measurement.ts';
import { QUANTILES } from '../results/quantiles.ts';
import type { Results } from '../results/results.ts';
import { barChart } from '../svg/bar-chart.ts';
import { type Line, lineChart } from '../svg/line-chart.ts';
import { colourOf, PEER_COLOUR } from './colours.ts';

export interface Chart {
  /** Relative to the report. */
  readonly path: string;
  readonly title: string;
  readonly svg: string;
}

/** The charts for which a run has figures. */
export function chartsOf({ measurements }: Pick<Results, 'measurements'>): readonly Chart[] {
  const of = (part: Measurement['part']): readonly Measurement[] =>
    measurements.filter((each) => each.part === part);
  return [
    ...latencyCharts(of('gateway')),
    ...overheadCharts(of('gateway')),
    ...throughputCharts(of('transports')),
    ...fireCharts(of('fire')),
  ];
}

/** The shares that are drawn; equal steps, so that the last few per cent, which people notice, have room. */
const SHARES: readonly (readonly [share: number, name: string])[] = [
  [0.05, '5 %'],
  [0.2, '20 %'],
  [0.5, '50 %'],
  [0.8, '80 %'],
  [0.9, '90 %'],
  [0.95, '95 %'],
  [0.99, '99 %'],
];

function latencyCharts(measurements: readonly Measurement[]): Chart[] {
  const lines = measurements
    .filter(({ setting }) => isCentre(setting, []))
    .map((each): Line => {
      const points = SHARES.flatMap(([share], place) => {
        const value = each.distribution?.[QUANTILES.indexOf(share)];
        return value === undefined ? [] : [[place, value] as const];
      });
      return { ...lineOf(each), points };
    });
  return chart('latency', lines, {
    title: 'How long a request takes through the gateway',
    subtitle: `${sizeName(CENTRE.bodyBytes)}, ${CENTRE.roundTripMs} ms away, ${CENTRE.atOnce} at once; image work of the upstream switched off`,
    xLabel: 'share of requests that were faster',
    yLabel: 'milliseconds',
    xTicks: SHARES.map(([, name]) => name),
    yScale: 'log',
  });
}

function overheadCharts(measurements: readonly Measurement[]): Chart[] {
  const along = measurements.filter(
    ({ setting, variant }) => variant !== DIRECT.name && isCentre(setting, ['roundTripMs']),
  );
  const places = distinct(along.map(({ setting }) => setting.roundTripMs ?? 0));
  if (places.length < 2) return [];
  const lines = linesAlong(along, 'overheadMs', ({ setting }) => places.indexOf(setting.roundTripMs ?? 0));
  return chart('overhead', lines, {
    title: 'What the gateway and its connections add, by distance',
    subtitle: `p50 through the gateway minus p50 direct; ${sizeName(CENTRE.bodyBytes)}, ${CENTRE.atOnce} at once, window ${windowName(CENTRE.windowBytes)}`,
    xLabel: 'round trip to the upstream',
    yLabel: 'milliseconds a request',
    xTicks: places.map((ms) => `${ms} ms`),
    yScale: 'linear',
  });
}

function throughputCharts(measurements: readonly Measurement[]): Chart[] {
  const atOnce = 8;
  const along = measurements.filter(({ setting }) => setting.atOnce === atOnce);
  const places = distinct(along.map(({ setting }) => setting.bodyBytes));
  if (places.length < 2) return [];
  const lines = linesAlong(along, 'megabytesPerSecond', ({ setting }) => places.indexOf(setting.bodyBytes));
  return chart('throughput', lines, {
    title: 'How fast uploads go, by size',
    subtitle: `one client process, ${atOnce} uploads at once, one server on loopback, HTTPS`,
    xLabel: 'size of an upload',
    yLabel: 'MB/s',
    xTicks: places.map(sizeName),
    yScale: 'log',
  });
}

function fireCharts(measurements: readonly Measurement[]): Chart[] {
  if (measurements.length === 0) return [];
  const groups = Map.groupBy(measurements, ({ setting }) => setting.trouble ?? '');
  const title = 'Uploads that arrive while things go wrong';
  const svg = barChart({
    title,
    subtitle:
      'Ferry under its retry engine, the others as they come; an upload without an answer after 3 s is lost',
    xLabel: '% of uploads that arrived',
    max: 100,
    groups: [...groups].map(([name, each]) => ({
      name,
      bars: each.map((measurement) => {
        const share = median(valuesOf(measurement, 'successRate')) * 100;
        const p99 = valuesOf(measurement, 'p99Ms');
        const late = p99.length === 0 ? '' : `, p99 ${median(p99).toFixed(0)} ms`;
        return {
          name: measurement.label,
          colour: measurement.label.startsWith('Ferry') ? colourOf(measurement.variant) : PEER_COLOUR,
          value: share,
          text: `${share.toFixed(1)} %${late}`,
        };
      }),
    })),
  });
  return [{ path: 'charts/under-fire.svg', title, svg }];
}

function chart(
  name: string,
  lines: readonly Line[],
  facts: Omit<Parameters<typeof lineChart>[0], 'lines'>,
): Chart[] {
  if (lines.length === 0) return [];
  return [{ path: `charts/${name}.svg`, title: facts.title, svg: lineChart({ ...facts, lines }) }];
}

function linesAlong(
  measurements: readonly Measurement[],
  metric: Metric,
  place: (measurement: Measurement) => number,
): Line[] {
  return [...Map.groupBy(measurements, ({ variant }) => variant).values()].flatMap((each) => {
    const [first] = each;
    if (first === undefined) return [];
    const points = each
      .flatMap((one) => {
        const values = valuesOf(one, metric);
        return values.length === 0 ? [] : [[place(one), median(values)] as const];
      })
      .sort(([a], [b]) => a - b);
    return [{ ...lineOf(first), points }];
  });
}

function lineOf({ variant, label }: Measurement): Omit<Line, 'points'> {
  return { name: label, colour: colourOf(variant), dashed: variant === DIRECT.name };
}

/** Whether a setting is the centre of the design but for these axes. */
function isCentre(setting: Measurement['setting'], but: readonly (keyof typeof CENTRE)[]): boolean {
  return (['bodyBytes', 'roundTripMs', 'windowBytes', 'atOnce'] as const).every(
    (axis) => but.includes(axis) || setting[axis] === CENTRE[axis],
  );
}

function distinct(values: readonly number[]): readonly number[] {
  return [...new Set(values)].sort((a, b) => a - b);
}
