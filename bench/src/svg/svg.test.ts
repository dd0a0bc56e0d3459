import { expect, test } from 'vitest';
import { barChart } from './bar-chart.ts';
import { lineChart } from './line-chart.ts';
import { linearScale, logScale, tickLabel } from './scale.ts';
import { spreadLabels } from './spread-labels.ts';
import { COLOUR_COUNT, STYLE } from './style.ts';

test('a linear axis begins at 0, ends above the largest value and has round steps', () => {
  const scale = linearScale(137, 300, 0);
  expect(scale.ticks).toEqual([0, 50, 100, 150]);
  expect([0, 75, 150].map(scale.at)).toEqual([300, 150, 0]);
  expect(linearScale(0, 300, 0).at(0)).toBe(300);
});

test('a linear axis has room for what is below 0, and nothing is drawn where it is not', () => {
  const scale = linearScale(70, 200, 0, -25);
  expect(scale.ticks).toEqual([-30, -20, -10, 0, 10, 20, 30, 40, 50, 60, 70]);
  expect([-30, 0, 70].map((value) => Math.round(scale.at(value)))).toEqual([200, 140, 0]);
  expect(linearScale(-5, 100, 0, -10).ticks.at(-1)).toBe(0);
});

test('a logarithmic axis gives equal factors equal room', () => {
  const scale = logScale(20, 2_000, 0, 200);
  expect([20, 200, 2_000].map((value) => Math.round(scale.at(value)))).toEqual([0, 100, 200]);
  expect(scale.ticks).toEqual([20, 50, 100, 200, 500, 1_000, 2_000]);
  expect(scale.at(0)).toBe(0);
});

test('labels of ticks stay short', () => {
  expect([0.5, 200, 1_234.5, 25_000].map(tickLabel)).toEqual(['0.5', '200', '1235', '25k']);
});

test('labels that would overlap move apart, keep their order and stay inside', () => {
  const placed = spreadLabels([50, 52, 51, 200], 10, 0, 200);
  expect(placed).toEqual([41, 61, 51, 200]);
  expect(spreadLabels([99, 100, 100], 10, 0, 100)).toEqual([80, 90, 100]);
  expect(spreadLabels([1, 0, 12], 10, 0, 100)).toEqual([10, 0, 20]);
});

const chart = {
  title: 'Fast & <slow>',
  subtitle: 'loopback',
  xLabel: 'size',
  yLabel: 'MB/s',
  xTicks: ['1', '2'],
  yScale: 'log',
  panels: [
    {
      lines: [
        {
          name: 'one',
          colour: 0,
          points: [
            [0, 10],
            [1, 20],
          ],
        },
        { name: 'short', colour: 2, weight: 'strong', points: [[0, 10]] },
        { name: 'nothing', colour: 1, points: [] },
      ],
    },
    { name: 'empty', lines: [] },
  ],
} as const;

test('a chart is one whole element with no script, no font and no address', () => {
  const bars = { name: 'group', bars: [{ name: 'a', colour: 2, value: 50, text: '50 %' }] };
  for (const svg of [lineChart(chart), barChart({ ...chart, groups: [bars] })]) {
    expect(svg).toMatch(/^<svg [^>]*viewBox[\s\S]*<\/svg>\n$/);
    expect(svg.replace('http://www.w3.org/2000/svg', '')).not.toMatch(
      /https?:|<script|@import|NaN|undefined/,
    );
    expect(svg).toContain('Fast &amp; &lt;slow&gt;');
  }
});

test('a line without points is left out, the others have dots and a name', () => {
  const svg = lineChart(chart);
  expect(svg.match(/<circle/g)).toHaveLength(3);
  expect(svg).toContain('>one<');
  expect(svg).not.toContain('>nothing<');
  expect(svg).not.toContain('>empty<');
});

test('a line that ends early says where', () => {
  expect(lineChart(chart)).toContain('>short (to 1)<');
});

test('what the rounds stray is drawn, at lines and at bars, and within the axes', () => {
  const points = [
    [0, 10, 8, 30],
    [1, 20, 20, 20],
  ] as const;
  const svg = lineChart({
    ...chart,
    yScale: 'linear',
    panels: [{ lines: [{ name: 'one', colour: 0, points }] }],
  });
  expect(svg.match(/class="whisker"/g)).toHaveLength(1);
  expect(svg).toContain('>30<');
  const bar = { name: 'a', colour: 2, value: 50, text: '50 %' };
  const bars = (range: readonly [number, number]) =>
    barChart({ ...chart, max: 100, groups: [{ name: 'group', bars: [{ ...bar, range }] }] });
  expect(bars([20, 80])).toContain('class="over"');
  expect(bars([50, 50])).not.toContain('class="over"');
});

test('panels lie below one another, each with its name and with the axis that all share', () => {
  const [first] = chart.panels;
  const both = lineChart({
    ...chart,
    panels: [
      { ...first, name: 'near' },
      { name: 'far', lines: [{ name: 'one', colour: 0, points: [[1, 500]] }] },
    ],
  });
  expect(both).toMatch(/>near<[\s\S]*>far</);
  expect(both.match(/>500</g)).toHaveLength(2);
});

test('every colour exists for light and for dark pages', () => {
  const [light, dark] = STYLE.split('@media(prefers-color-scheme:dark)');
  for (let i = 0; i < COLOUR_COUNT; i += 1) {
    expect(light).toContain(`.c${i}{`);
    expect(dark).toContain(`.c${i}{`);
  }
});
