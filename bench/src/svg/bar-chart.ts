import { linearScale, type Scale, tickLabel } from './scale.ts';
import { escapeText, px, svgDocument } from './style.ts';

interface Bar {
  readonly name: string;
  readonly colour: number;
  readonly value: number;
  /** The least and the most that were measured. */
  readonly range?: readonly [min: number, max: number];
  /** What stands at its end. */
  readonly text: string;
}

interface BarGroup {
  readonly name: string;
  readonly bars: readonly Bar[];
}

interface BarChart {
  readonly title: string;
  readonly subtitle: string;
  readonly xLabel: string;
  /** Where the axis ends; default what the longest bar needs. */
  readonly max?: number;
  readonly groups: readonly BarGroup[];
}

const WIDTH = 780;
const LEFT = 220;
const RIGHT = 590;
const TOP = 84;
const BAR = 15;
const STEP = 20;
const GROUP_GAP = 34;

/** Bars from left to right, in groups with a name above each. */
export function barChart(chart: BarChart): string {
  const values = chart.groups.flatMap(({ bars }) => bars.map(({ value }) => value));
  const scale = linearScale(chart.max ?? Math.max(...values, 0.001), LEFT, RIGHT);
  const drawn: string[] = [];
  let y = TOP;
  for (const { name, bars } of chart.groups) {
    drawn.push(`<text class="label" x="24" y="${y}">${escapeText(name)}</text>`);
    y += 10;
    drawn.push(...scale.ticks.map((tick) => gridLine(scale.at(tick), y - 2, y + bars.length * STEP - 2)));
    for (const bar of bars) {
      drawn.push(drawBar(bar, y, scale.at));
      y += STEP;
    }
    y += GROUP_GAP;
  }
  const bottom = y - GROUP_GAP + 6;
  return svgDocument({ ...chart, width: WIDTH, height: bottom + 58 }, [
    ...drawn,
    ...scale.ticks.map(
      (tick) =>
        `<text class="soft middle" x="${px(scale.at(tick))}" y="${bottom + 14}">${tickLabel(tick)}</text>`,
    ),
    `<text class="soft middle" x="${(LEFT + RIGHT) / 2}" y="${bottom + 36}">${escapeText(chart.xLabel)}</text>`,
  ]);
}

/** Within a group only: its name above has the whole width. */
function gridLine(x: number, from: number, to: number): string {
  return `<line class="grid" x1="${px(x)}" x2="${px(x)}" y1="${px(from)}" y2="${px(to)}"/>`;
}

function drawBar({ name, colour, value, range, text }: Bar, y: number, at: Scale['at']): string {
  const middle = y + BAR / 2 + 4;
  const end = at(value);
  const [least, most] = (range ?? [value, value]).map(at) as [number, number];
  const line = y + BAR / 2;
  const whisker =
    most - least < 1
      ? ''
      : `<path class="over" d="M${px(least)} ${px(line)}H${px(most)}M${px(least)} ${px(line - 3)}v6M${px(most)} ${px(line - 3)}v6"/>`;
  return [
    `<text class="end" x="${LEFT - 10}" y="${px(middle)}">${escapeText(name)}</text>`,
    `<g class="c${colour}"><rect class="bar" x="${LEFT}" y="${y}" width="${px(Math.max(1, end - LEFT))}" height="${BAR}" rx="2"/></g>${whisker}`,
    `<text class="soft halo" x="${px(Math.max(end, most) + 8)}" y="${px(middle)}">${escapeText(text)}</text>`,
  ].join('');
}
