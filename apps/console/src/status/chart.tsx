import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { type Columns, type FigureKind, type Limit, rangeOf } from './figure.ts';
import type { SeriesMark } from './status-api.ts';

const HEIGHT = 104;
/** Charts with the same key show the same moment under the pointer. */
const SYNC = 'ferry';
/** So many points or fewer are seen as points, not only as a line. */
const SPARSE = 70;

export interface ChartProps {
  readonly kind: FigureKind;
  readonly columns: Columns;
  readonly limits: readonly Limit[];
  readonly marks: readonly SeriesMark[];
}

/** A figure over time. What lies beyond its threshold is a faint band; changes of settings are marks. */
export function Chart(props: ChartProps): JSX.Element {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(null);
  // What uPlot's hooks draw with: they are made once.
  const now = useRef(props);
  now.current = props;

  useEffect(() => {
    const { current: element } = place;
    if (element === null) return undefined;
    const made = new uPlot(options(now, element.clientWidth), now.current.columns, element);
    plot.current = made;
    const resized = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height: HEIGHT }));
    resized.observe(element);
    const scheme = matchMedia('(prefers-color-scheme: dark)');
    const redraw = (): void => made.redraw(false, true);
    scheme.addEventListener('change', redraw);
    return () => {
      scheme.removeEventListener('change', redraw);
      resized.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, []);
  useEffect(() => plot.current?.setData(props.columns), [props.columns]);

  return <div class="chart" ref={place} aria-hidden="true" />;
}

type Now = { readonly current: ChartProps };

function options(now: Now, width: number): uPlot.Options {
  const axis = {
    stroke: () => colour('--muted'),
    font: '11px system-ui',
    ticks: { show: false },
  } as const;
  return {
    width,
    height: HEIGHT,
    legend: { show: false },
    cursor: { sync: { key: SYNC }, y: false, drag: { x: false, y: false }, points: { size: 6 } },
    padding: [4, 18, 0, 0],
    scales: {
      x: { time: true },
      y: { range: () => rangeOf(now.current.columns, now.current.limits) },
    },
    axes: [
      { ...axis, size: 20, space: 64, grid: { show: false }, values: (_plot, times) => times.map(label) },
      {
        ...axis,
        size: 44,
        gap: 2,
        space: 28,
        grid: { stroke: () => colour('--line'), width: 0.5 },
        values: (_plot, values) => values.map((value) => now.current.kind.format(value)),
      },
    ],
    series: [
      {},
      ...now.current.kind.lines.map((_line, index) => ({
        stroke: () => colour(index === 0 ? '--ink' : '--muted'),
        width: 1.5,
        ...(index > 0 && { dash: [3, 3] }),
        points: {
          show: (plot: uPlot) => measured(plot) <= SPARSE,
          size: 4,
          fill: () => colour(index === 0 ? '--ink' : '--muted'),
        },
      })),
    ],
    hooks: {
      drawAxes: [(plot) => drawBands(plot, now.current.limits)],
      draw: [(plot) => drawMarks(plot, now.current.marks)],
    },
  };
}

const measured = (plot: uPlot): number => (plot.data[1] ?? []).filter((value) => value !== null).length;

const colour = (name: string): string => getComputedStyle(document.documentElement).getPropertyValue(name);

function label(seconds: number): string {
  const at = new Date(seconds * 1_000);
  const time = at.toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' });
  return time === '00:00' ? at.toLocaleDateString('en-GB', { day: 'numeric', month: 'short' }) : time;
}

/** Thresholds one over the other: where both are crossed it is twice as dark. */
function drawBands({ ctx, bbox, valToPos }: uPlot, limits: readonly Limit[]): void {
  ctx.save();
  ctx.fillStyle = colour('--attention');
  ctx.globalAlpha = 0.09;
  for (const { threshold, bad } of limits) {
    const y = Math.min(Math.max(valToPos(threshold, 'y', true), bbox.top), bbox.top + bbox.height);
    if (bad === 'below') ctx.fillRect(bbox.left, y, bbox.width, bbox.top + bbox.height - y);
    else ctx.fillRect(bbox.left, bbox.top, bbox.width, y - bbox.top);
  }
  ctx.restore();
}

function drawMarks({ ctx, bbox, valToPos, scales }: uPlot, marks: readonly SeriesMark[]): void {
  ctx.save();
  ctx.strokeStyle = colour('--moving');
  ctx.fillStyle = colour('--moving');
  ctx.lineWidth = devicePixelRatio;
  ctx.setLineDash([3 * devicePixelRatio, 3 * devicePixelRatio]);
  for (const { at } of marks) {
    const seconds = at / 1_000;
    if (seconds < (scales.x?.min ?? 0) || seconds > (scales.x?.max ?? 0)) continue;
    const x = valToPos(seconds, 'x', true);
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    const size = 3 * devicePixelRatio;
    ctx.fillRect(x - size, bbox.top, 2 * size, size);
  }
  ctx.restore();
}
