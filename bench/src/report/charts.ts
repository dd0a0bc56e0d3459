import { CENTRE } from '../gateway/design.ts';
import { DIRECT } from '../gateway/profiles.ts';
import { median } from '../report.ts';
import {
  type Measurement,
  type Metric,
  quantileOf,
  sizeName,
  valuesOf,
  windowName,
} from '../results/measurement.ts';
import type { Results } from '../results/results.ts';
import { barChart } from '../svg/bar-chart.ts';
import { type LineChart, lineChart } from '../svg/line-chart.ts';
import type { Line } from '../svg/panel.ts';
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
  const along = measurements.filter(({ setting }) => isCentre(setting, ['roundTripMs']));
  const panels = distancesOf(along).map((roundTripMs) => ({
    name: distanceName(roundTripMs),
    lines: along
      .filter(({ setting }) => setting.roundTripMs === roundTripMs)
      .map((each) => ({ ...lineOf(each), points: distributionPoints(each) })),
  }));
  return chart('latency', {
    title: 'How long a request takes through the gateway',
    subtitle: `${sizeName(CENTRE.bodyBytes)}, ${CENTRE.atOnce} at once, window ${windowName(CENTRE.windowBytes)}; image work of the upstream switched off`,
    xLabel: 'share of requests that were as fast or faster',
    yLabel: 'milliseconds',
    xTicks: SHARES.map(([, name]) => name),
    yScale: 'log',
    ownAxes: true,
    panels,
  });
}

/** As far as there were enough requests to tell a share from the slowest of all. */
function distributionPoints(measurement: Measurement): Line['points'] {
  return SHARES.flatMap(([share], place) => {
    const value = quantileOf(measurement, share);
    return value === undefined ? [] : [[place, value] as const];
  });
}

/** One at a time where distances were measured so: with more at once requests wait for processors, and hide what a connection costs. */
function overheadCharts(measurements: readonly Measurement[]): Chart[] {
  const sweeps = [1, CENTRE.atOnce].map((atOnce) =>
    measurements.filter(
      ({ setting, variant }) =>
        variant !== DIRECT.name && setting.atOnce === atOnce && isCentre(setting, ['roundTripMs', 'atOnce']),
    ),
  );
  const along = sweeps.find((each) => distancesOf(each).length > 1) ?? [];
  const places = distancesOf(along);
  const atOnce = along[0]?.setting.atOnce === 1 ? 'one at a time' : `${CENTRE.atOnce} at once`;
  const lines = linesAlong(along, 'overheadMs', ({ setting }) => places.indexOf(setting.roundTripMs ?? 0));
  return chart('overhead', {
    title: 'What the gateway and its connections add, by distance',
    subtitle: `p50 through the gateway minus p50 direct; ${sizeName(CENTRE.bodyBytes)}, ${atOnce}, window ${windowName(CENTRE.windowBytes)}; whiskers: least and most of the rounds`,
    xLabel: 'round trip to the upstream',
    yLabel: 'milliseconds a request',
    xTicks: places.map((ms) => `${ms} ms`),
    yScale: 'linear',
    panels: [{ lines }],
  });
}

/** Those that open a connection for every upload; they are another question, and have a panel of their own. */
const OPENS_EACH: ReadonlySet<string> = new Set([
  'undici-fresh',
  'undici-prewarmed',
  'http1-fresh',
  'raw-h2-fresh',
]);

function throughputCharts(measurements: readonly Measurement[]): Chart[] {
  const atOnce = 8;
  const along = measurements.filter(({ setting }) => setting.atOnce === atOnce).map(asOneAgent);
  const places = distinct(along.map(({ setting }) => setting.bodyBytes));
  if (places.length < 2) return [];
  const lines = (each: readonly Measurement[]): Line[] =>
    linesAlong(each, 'megabytesPerSecond', ({ setting }) => places.indexOf(setting.bodyBytes)).map((line) =>
      line.name.startsWith('Ferry')
        ? { ...line, weight: 'strong' }
        : { ...line, name: line.name.replace(/,.*/, '') },
    );
  return chart('throughput', {
    title: 'How fast uploads go, by size',
    subtitle: `one client process, ${atOnce} uploads at once, one server on loopback, HTTPS; whiskers: least and most of the rounds`,
    xLabel: 'size of an upload',
    yLabel: 'MB/s',
    xTicks: places.map(sizeName),
    yScale: 'log',
    ownAxes: true,
    panels: [
      { name: 'connections are kept', lines: lines(along.filter(({ variant }) => !OPENS_EACH.has(variant))) },
      {
        name: 'a connection for every upload',
        lines: lines(along.filter(({ variant }) => OPENS_EACH.has(variant))),
      },
    ],
  });
}

/** undici's Agent cannot send the largest bodies as Buffers; as iterables it is the same client. */
function asOneAgent(measurement: Measurement): Measurement {
  return measurement.variant.startsWith('undici-agent')
    ? { ...measurement, variant: 'undici-agent', label: 'undici Agent' }
    : measurement;
}

function fireCharts(all: readonly Measurement[]): Chart[] {
  const measurements = all.filter((each) => valuesOf(each, 'successRate').length > 0);
  if (measurements.length === 0) return [];
  const groups = Map.groupBy(measurements, ({ setting }) => setting.trouble ?? '');
  const title = 'Uploads that arrive while things go wrong';
  const svg = barChart({
    title,
    subtitle:
      'Ferry under its retry engine, the others as they come; lost: no answer in 3 s. In brackets: of those that arrived',
    xLabel: '% of uploads that arrived',
    max: 100,
    groups: [...groups].map(([name, each]) => ({
      name,
      bars: each.map((measurement) => {
        const shares = valuesOf(measurement, 'successRate').map((each) => each * 100);
        const share = median(shares);
        return {
          name: measurement.label,
          colour: measurement.label.startsWith('Ferry') ? colourOf(measurement.variant) : PEER_COLOUR,
          value: share,
          range: [Math.min(...shares), Math.max(...shares)] as const,
          text: `${share.toFixed(1)} %${lateness(measurement)}`,
        };
      }),
    })),
  });
  return [{ path: 'charts/under-fire.svg', title, svg }];
}

/** Of those that arrived: a caller whose upload was lost has no time, or three seconds, as he likes. */
function lateness(measurement: Measurement): string {
  const p99 = quantileOf(measurement, 0.99);
  const p50 = quantileOf(measurement, 0.5);
  if (p50 === undefined) return '';
  return p99 === undefined ? ` (p50 ${p50.toFixed(0)} ms)` : ` (p99 ${p99.toFixed(0)} ms)`;
}

function chart(name: string, facts: LineChart): Chart[] {
  if (!facts.panels.some(({ lines }) => lines.some(({ points }) => points.length > 0))) return [];
  return [{ path: `charts/${name}.svg`, title: facts.title, svg: lineChart(facts) }];
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
        if (values.length === 0) return [];
        return [[place(one), median(values), Math.min(...values), Math.max(...values)] as const];
      })
      .sort(([a], [b]) => a - b);
    return [{ ...lineOf(first), points }];
  });
}

function lineOf({ variant, label }: Measurement): Omit<Line, 'points'> {
  const weight = variant === DIRECT.name ? 'dashed' : undefined;
  return { name: label, colour: colourOf(variant), weight };
}

function distancesOf(measurements: readonly Measurement[]): readonly number[] {
  return distinct(measurements.map(({ setting }) => setting.roundTripMs ?? 0));
}

function distanceName(roundTripMs: number): string {
  return roundTripMs === 0 ? 'beside the upstream' : `${roundTripMs} ms away`;
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
