import type { JSX } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import type { ConsoleInfo } from '../api/wire.ts';
import { formatCount } from '../ui/figures.ts';
import { Header, type HeaderProps } from '../ui/header.tsx';
import type { Navigation } from '../ui/use-page.ts';
import { newestFirst } from './calls.ts';
import { DrillPanel } from './drill.tsx';
import { FigureGrid, Marks } from './figures.tsx';
import { Journeys } from './journeys.tsx';
import { Pool } from './pool.tsx';
import type { State } from './status-api.ts';
import './status-page.css';
import { type Status, useStatus } from './use-status.ts';
import { type Verdict, verdict } from './verdict.ts';

const SPANS = [
  { minutes: 60, name: '1 h' },
  { minutes: 360, name: '6 h' },
  { minutes: 1_440, name: '24 h' },
  { minutes: 10_080, name: '7 days' },
] as const;

export interface StatusPageProps {
  readonly info: ConsoleInfo;
  readonly navigation: Navigation;
}

export function StatusPage({ info, navigation }: StatusPageProps): JSX.Element {
  const [minutes, setMinutes] = useState<number>(SPANS[0].minutes);
  const status = useStatus(minutes);
  const { link, state, calls, hour, series } = status;
  const said = useMemo(() => sayVerdict(status), [calls, hour, state]);
  return (
    <div class="status-page">
      <Header info={info} navigation={navigation} state={headerState(link)} />
      <main class="status">
        <section class="verdict" data-tone={said?.tone ?? 'idle'} aria-live="polite">
          <h1>{said?.words ?? 'Asking Ferry'}</h1>
          <p class="small">{said?.more}</p>
        </section>
        {link === 'reconnecting' && (
          <p class="notice" role="status">
            Ferry does not answer. Reconnecting; what stands below is from before.
          </p>
        )}
        {state && <HistoryNotice history={state.history} />}
        {state && (
          <>
            <fieldset class="choice span-choice" aria-label="Charts over">
              {SPANS.map(({ minutes: span, name }) => (
                <button
                  key={span}
                  type="button"
                  aria-pressed={span === minutes}
                  onClick={() => setMinutes(span)}
                >
                  {name}
                </button>
              ))}
            </fieldset>
            <FigureGrid state={state} series={series} />
            <Marks series={series} />
            <div class="status-columns">
              <div class="status-main">
                {state.drill && hour && (
                  <DrillPanel drill={state.drill} beginner={hour.totals.ok + hour.totals.failed === 0} />
                )}
                <Journeys calls={calls} live={link === 'live'} />
              </div>
              <aside class="status-side">
                <Pool transport={state.transport} at={state.at} />
              </aside>
            </div>
          </>
        )}
      </main>
    </div>
  );
}

function sayVerdict({ calls, hour, state }: Status): Verdict | undefined {
  if (hour === undefined || state === undefined) return undefined;
  const firing = state.alerts.filter(
    ({ measure, state: alert }) => measure === 'success-rate' && alert === 'firing',
  );
  const since = firing.map((alert) => alert.since ?? state.at);
  return verdict({
    uploads: newestFirst(calls, 'upload'),
    totals: hour.totals,
    firingSince: since.length === 0 ? null : Math.min(...since),
  });
}

function headerState(link: Status['link']): NonNullable<HeaderProps['state']> {
  switch (link) {
    case 'live':
      return { dot: 'good', words: 'live' };
    case 'connecting':
      return { dot: 'idle', words: 'connecting' };
    case 'reconnecting':
      return { dot: 'failed', words: 'reconnecting' };
    default:
      return link satisfies never;
  }
}

function HistoryNotice({ history }: { readonly history: State['history'] }): JSX.Element | null {
  const { state, dropped } = history;
  const lost = dropped > 0 ? ` ${formatCount(dropped, 'upload')} could not be kept.` : '';
  if (state === 'on' && lost === '') return null;
  const words = {
    on: 'The history has a gap.',
    away: 'The database is away: the charts show what this process remembers.',
    off: 'There is no database: the charts show what this process remembers.',
  }[state];
  return (
    <p class="notice" role="status">
      {words}
      {lost}
    </p>
  );
}
