import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import { Chart } from './chart.tsx';
import { columnsOf, FIGURES, type FigureKind, figureView, limitsOf } from './figure.ts';
import type { Series, State } from './status-api.ts';
import { clock } from './verdict.ts';

export interface FiguresProps {
  readonly state: State;
  readonly series: Series | undefined;
}

/** The four figures, each over time, with its threshold. */
export function FigureGrid({ state, series }: FiguresProps): JSX.Element {
  return (
    <section class="figure-grid" aria-label={`Figures of the last ${windowWords(state.window_s)}`}>
      {FIGURES.map((kind) => (
        <FigureCell key={kind.name} kind={kind} state={state} series={series} />
      ))}
    </section>
  );
}

interface CellProps extends FiguresProps {
  readonly kind: FigureKind;
}

function FigureCell({ kind, state, series }: CellProps): JSX.Element {
  const { value, beside, state: alert, words } = figureView(kind, state.figures, state.alerts);
  const columns = useMemo(() => series && columnsOf(kind, series), [kind, series]);
  const limits = limitsOf(kind, state.alerts);
  return (
    <section class="figure-cell" data-alert={alert} aria-label={kind.name}>
      <h2 class="label">{kind.name}</h2>
      <p class="figure-value">
        {value} <span>{beside}</span>
      </p>
      <p class="figure-words">{words}</p>
      {columns && <Chart kind={kind} columns={columns} limits={limits} marks={series?.marks ?? []} />}
    </section>
  );
}

/** The marks of the charts in words: who changed what, and why. */
export function Marks({ series }: { readonly series: Series | undefined }): JSX.Element | null {
  if (series === undefined || series.marks.length === 0) return null;
  return (
    <ul class="marks small" aria-label="Changes of settings">
      {series.marks
        .slice(-3)
        .reverse()
        .map(({ at, revision, who, why, keys }) => (
          <li key={revision}>
            <span class="mark-line" aria-hidden="true" /> {clock(at)} revision {revision} by {who}: {why}{' '}
            <span class="mark-keys">({keys.join(', ')})</span>
          </li>
        ))}
    </ul>
  );
}

function windowWords(seconds: number): string {
  if (seconds % 60 !== 0) return `${seconds} seconds`;
  return seconds === 60 ? 'minute' : `${seconds / 60} minutes`;
}
