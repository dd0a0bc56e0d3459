import { type Line, PANEL, panel } from './panel.ts';
import { linearScale, logScale, type Scale } from './scale.ts';
import { svgDocument } from './style.ts';

export interface LineChart {
  readonly title: string;
  readonly subtitle: string;
  readonly xLabel: string;
  readonly yLabel: string;
  /** Names of the places 0, 1, 2 ... of the x axis. */
  readonly xTicks: readonly string[];
  readonly yScale: 'linear' | 'log';
  /** Whether each panel has a y axis of its own; default false. */
  readonly ownAxes?: boolean;
  /** One below the other. */
  readonly panels: readonly {
    /** Above it; a single panel needs none. */
    readonly name?: string;
    readonly lines: readonly Line[];
  }[];
}

const WIDTH = 780;
const TOP = 72;
/** For a single panel, and for each of several. */
const PLOT_HEIGHTS = [290, 240] as const;

/** Lines with their names at their ends. */
export function lineChart(chart: LineChart): string {
  const panels = chart.panels
    .map(({ lines, ...rest }) => ({ ...rest, lines: lines.filter(({ points }) => points.length > 0) }))
    .filter(({ lines }) => lines.length > 0);
  const plotHeight = PLOT_HEIGHTS[panels.length > 1 ? 1 : 0];
  const step = plotHeight + PANEL.above + PANEL.below;
  const all = panels.flatMap(({ lines }) => lines);
  const y = (lines: readonly Line[]): Scale =>
    yScaleOf(chart, chart.ownAxes === true ? lines : all, plotHeight);
  const size = { width: WIDTH, height: TOP + panels.length * step };
  return svgDocument(
    { ...chart, ...size },
    panels.map(({ name, lines }, i) =>
      panel({ ...chart, name, lines, y: y(lines), top: TOP + i * step, plotHeight }),
    ),
  );
}

/** From values to pixels below the top of a plot. */
function yScaleOf({ yScale }: LineChart, lines: readonly Line[], height: number): Scale {
  const values = lines
    .flatMap(({ points }) => points.flatMap(([, value, least = value, most = value]) => [value, least, most]))
    .filter(Number.isFinite);
  const max = values.length === 0 ? 1 : Math.max(...values);
  if (yScale === 'linear') return linearScale(max, height, 0, Math.min(0, ...values));
  const positive = values.filter((value) => value > 0);
  const min = positive.length === 0 ? 0.1 : Math.min(...positive);
  return logScale(min, Math.max(max, min), height, 0);
}
