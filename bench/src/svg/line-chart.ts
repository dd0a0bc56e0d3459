import { linearScale, logScale, type Scale, tickLabel } from './scale.ts';
import { spreadLabels } from './spread-labels.ts';
import { escapeText, px, svgDocument } from './style.ts';

export interface Line {
  readonly name: string;
  /** A colour by number; see `style.ts`. */
  readonly colour: number;
  /** Dashed: what the others are compared with. */
  readonly dashed?: boolean;
  /** Where it is on the x axis, by number of its tick or between two of them, and its value. */
  readonly points: readonly (readonly [x: number, y: number])[];
}

export interface LineChart {
  readonly title: string;
  readonly subtitle: string;
  readonly xLabel: string;
  readonly yLabel: string;
  /** Names of the places 0, 1, 2 ... of the x axis. */
  readonly xTicks: readonly string[];
  readonly yScale: 'linear' | 'log';
  readonly lines: readonly Line[];
}

const SIZE = { width: 760, height: 436 };
const PLOT = { left: 72, top: 98, right: 560, bottom: 376 };
const LABEL_X = PLOT.right + 22;
const LABEL_GAP = 17;

/** Lines with their names at their ends. */
export function lineChart(chart: LineChart): string {
  const lines = chart.lines.filter(({ points }) => points.length > 0);
  const y = yScaleOf(chart, lines);
  const x = (place: number): number => {
    const last = Math.max(1, chart.xTicks.length - 1);
    return PLOT.left + 14 + (place / last) * (PLOT.right - PLOT.left - 28);
  };
  return svgDocument({ ...chart, ...SIZE }, [
    ...y.ticks.map(
      (tick) =>
        `<line class="grid" x1="${PLOT.left}" x2="${PLOT.right}" y1="${px(y.at(tick))}" y2="${px(y.at(tick))}"/><text class="soft end" x="${PLOT.left - 8}" y="${px(y.at(tick) + 4)}">${tickLabel(tick)}</text>`,
    ),
    ...chart.xTicks.map(
      (name, place) =>
        `<text class="soft middle" x="${px(x(place))}" y="${PLOT.bottom + 20}">${escapeText(name)}</text>`,
    ),
    `<line class="axis" x1="${PLOT.left}" x2="${PLOT.right}" y1="${PLOT.bottom}" y2="${PLOT.bottom}"/>`,
    `<text class="soft middle" x="${(PLOT.left + PLOT.right) / 2}" y="${PLOT.bottom + 44}">${escapeText(chart.xLabel)}</text>`,
    `<text class="soft" x="24" y="${PLOT.top - 18}">${escapeText(chart.yLabel)}</text>`,
    ...lines.map((line) => drawLine(line, x, y)),
    ...labels(lines, x, y),
  ]);
}

function yScaleOf({ yScale }: LineChart, lines: readonly Line[]): Scale {
  const values = lines.flatMap(({ points }) => points.map(([, value]) => value)).filter(Number.isFinite);
  const max = values.length === 0 ? 1 : Math.max(...values);
  if (yScale === 'linear') return linearScale(max, PLOT.bottom, PLOT.top);
  const positive = values.filter((value) => value > 0);
  const min = positive.length === 0 ? 0.1 : Math.min(...positive);
  return logScale(min, Math.max(max, min), PLOT.bottom, PLOT.top);
}

function drawLine({ colour, dashed, points }: Line, x: (place: number) => number, y: Scale): string {
  const path = points.map(([place, value], i) => `${i === 0 ? 'M' : 'L'}${px(x(place))} ${px(y.at(value))}`);
  const dots = points.map(
    ([place, value]) => `<circle class="dot" cx="${px(x(place))}" cy="${px(y.at(value))}" r="3"/>`,
  );
  return `<g class="c${colour}"><path class="line${dashed === true ? ' dash' : ''}" d="${path.join('')}"/>${dots.join('')}</g>`;
}

function labels(lines: readonly Line[], x: (place: number) => number, y: Scale): string[] {
  const ends = lines.map(({ points }) => points.at(-1) ?? [0, 0]);
  const wanted = ends.map(([, value]) => y.at(value));
  const placed = spreadLabels(wanted, LABEL_GAP, PLOT.top + 4, PLOT.bottom);
  return lines.map((line, i) => {
    const [place] = ends[i] ?? [0];
    const [from, to] = [wanted[i] ?? 0, placed[i] ?? 0];
    const endX = x(place) + 6;
    const lead = `M${px(endX)} ${px(from)}C${px(endX + 10)} ${px(from)} ${px(LABEL_X - 14)} ${px(to)} ${px(LABEL_X - 4)} ${px(to)}`;
    return `<g class="c${line.colour}"><path class="lead" d="${lead}"/></g><text class="label" x="${LABEL_X}" y="${px(to + 4)}">${escapeText(line.name)}</text>`;
  });
}
