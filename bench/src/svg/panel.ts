import { type Scale, tickLabel } from './scale.ts';
import { spreadLabels } from './spread-labels.ts';
import { escapeText, px } from './style.ts';

export interface Line {
  readonly name: string;
  /** A colour by number; see `style.ts`. */
  readonly colour: number;
  /** `strong`: what the chart is about. `dashed`: what the others are compared with. Default in between. */
  readonly weight?: 'strong' | 'dashed' | undefined;
  /** Where it is on the x axis, by number of its tick, its value, and the least and the most that were measured. */
  readonly points: readonly (readonly [x: number, y: number, min?: number, max?: number])[];
}

interface Panel {
  readonly name: string | undefined;
  readonly lines: readonly Line[];
  readonly xTicks: readonly string[];
  readonly xLabel: string;
  readonly yLabel: string;
  /** From values to pixels below the top of the plot. */
  readonly y: Scale;
  readonly top: number;
  readonly plotHeight: number;
}

/** Room for the name and the y axis's label, and for the ticks and the label of the x axis. Pixels. */
export const PANEL = { above: 30, below: 66 } as const;

const LEFT = 72;
const RIGHT = 556;
const INSET = 14;
const LABEL_X = RIGHT + 24;
const LABEL_GAP = 17;
/** Half the width of a whisker's bars. */
const WHISKER = 3;
/** So far apart, in pixels, are those of lines that lie upon one another. */
const WHISKER_SHIFT = 1.5;

/** One plot: axes, lines, and the names of the lines at their ends. */
export function panel({ name, lines, xTicks, xLabel, yLabel, y, top, plotHeight }: Panel): string {
  const plotTop = top + PANEL.above;
  const bottom = plotTop + plotHeight;
  const at: Place = {
    x: (place) => LEFT + INSET + (place / Math.max(1, xTicks.length - 1)) * (RIGHT - LEFT - 2 * INSET),
    y: (value) => plotTop + y.at(value),
  };
  return [
    `<text class="soft" x="24" y="${plotTop - 14}">${escapeText(yLabel)}</text>`,
    ...(name === undefined
      ? []
      : [
          `<text class="label middle" x="${(LEFT + RIGHT) / 2}" y="${plotTop - 14}">${escapeText(name)}</text>`,
        ]),
    ...y.ticks.map((tick) => yTick(tick, at.y(tick))),
    // Below it values are negative.
    ...(y.ticks.some((tick) => tick < 0)
      ? [`<line class="axis" x1="${LEFT}" x2="${RIGHT}" y1="${px(at.y(0))}" y2="${px(at.y(0))}"/>`]
      : []),
    ...xTicks.map(
      (tick, place) =>
        `<text class="soft middle" x="${px(at.x(place))}" y="${bottom + 20}">${escapeText(tick)}</text>`,
    ),
    `<line class="axis" x1="${LEFT}" x2="${RIGHT}" y1="${bottom}" y2="${bottom}"/>`,
    `<text class="soft middle" x="${(LEFT + RIGHT) / 2}" y="${bottom + 42}">${escapeText(xLabel)}</text>`,
    // What the chart is about lies on top.
    ...lines
      .toSorted((a, b) => rankOf(a) - rankOf(b))
      .map((line, i) => drawLine(line, at, (i - (lines.length - 1) / 2) * WHISKER_SHIFT)),
    ...labels(lines, at, { plotTop, bottom, xTicks }),
  ].join('\n');
}

interface Place {
  readonly x: (place: number) => number;
  readonly y: (value: number) => number;
}

function yTick(tick: number, y: number): string {
  return `<line class="grid" x1="${LEFT}" x2="${RIGHT}" y1="${px(y)}" y2="${px(y)}"/><text class="soft end" x="${LEFT - 8}" y="${px(y + 4)}">${tickLabel(tick)}</text>`;
}

function rankOf({ weight }: Line): number {
  return weight === 'strong' ? 1 : 0;
}

/** @param shift of the whiskers, so that those of lines that lie upon one another stand side by side. */
function drawLine({ colour, weight, points }: Line, at: Place, shift: number): string {
  const path = points.map(
    ([place, value], i) => `${i === 0 ? 'M' : 'L'}${px(at.x(place))} ${px(at.y(value))}`,
  );
  const radius = weight === 'strong' ? 4 : 3;
  const dots = points.map(
    ([place, value]) => `<circle class="dot" cx="${px(at.x(place))}" cy="${px(at.y(value))}" r="${radius}"/>`,
  );
  const whiskers = points.flatMap(([place, , min, max]) =>
    min === undefined || max === undefined || min === max
      ? []
      : [whisker(at.x(place) + shift, at.y(min), at.y(max))],
  );
  const classes = ['line', ...(weight === undefined ? [] : [weight])].join(' ');
  return `<g class="c${colour}"><path class="${classes}" d="${path.join('')}"/>${whiskers.join('')}${dots.join('')}</g>`;
}

/** From the least to the most, with a bar at either end. */
function whisker(x: number, from: number, to: number): string {
  const bar = (y: number): string => `M${px(x - WHISKER)} ${px(y)}h${2 * WHISKER}`;
  return `<path class="whisker" d="M${px(x)} ${px(from)}V${px(to)}${bar(from)}${bar(to)}"/>`;
}

interface Plot {
  readonly plotTop: number;
  readonly bottom: number;
  readonly xTicks: readonly string[];
}

function labels(lines: readonly Line[], at: Place, { plotTop, bottom, xTicks }: Plot): string[] {
  const ends = lines.map(({ points }) => points.at(-1) ?? [0, 0]);
  const wanted = ends.map(([, value]) => at.y(value));
  const placed = spreadLabels(wanted, LABEL_GAP, plotTop + 4, bottom);
  return lines.map((line, i) => {
    const [place] = ends[i] ?? [0];
    const [from, to] = [wanted[i] ?? 0, placed[i] ?? 0];
    const startX = at.x(place) + 6;
    const bendX = RIGHT - 2;
    // A line that ends early has a long way to its name, and the name says where it ended.
    const early = place < xTicks.length - 1;
    const until = early ? ` (to ${xTicks[place] ?? ''})` : '';
    const lead = `M${px(startX)} ${px(from)}L${px(Math.max(startX, bendX))} ${px(from)}C${px(bendX + 12)} ${px(from)} ${px(LABEL_X - 16)} ${px(to)} ${px(LABEL_X - 4)} ${px(to)}`;
    const strong = line.weight === 'strong' ? ' name' : '';
    return `<g class="c${line.colour}"><path class="lead${early ? ' early' : ''}" d="${lead}"/></g><text class="label${strong}" x="${LABEL_X}" y="${px(to + 4)}">${escapeText(line.name + until)}</text>`;
  });
}
