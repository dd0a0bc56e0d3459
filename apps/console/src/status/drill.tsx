import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { formatDuration } from '../ui/figures.ts';
import { type Drill, startDrill, stopDrill } from './status-api.ts';

const ENDS = {
  finished: 'Finished',
  stopped: 'Stopped',
  overdue: 'Ended before what it waited for had come',
  broken: 'Broke off: the simulator did not follow',
} as const;

export interface DrillPanelProps {
  readonly drill: Drill;
  /** Whether nothing has happened yet: there is nothing better to do than to try one. */
  readonly beginner: boolean;
}

/** Faults on purpose, in the simulated upstream: what will happen, and what to look at. */
export function DrillPanel({ drill, beginner }: DrillPanelProps): JSX.Element {
  const [problem, setProblem] = useState<string>();
  const { running, last, kinds } = drill;
  const title = (kind: string): string => kinds.find((offer) => offer.kind === kind)?.title ?? kind;
  const looked = kinds.find((offer) => offer.kind === (running ?? last)?.kind);
  return (
    <section class="drill" aria-label="Fault drill">
      <div class="drill-now" role="status">
        {running && (
          <>
            <p>
              <b>{title(running.kind)}.</b> {running.step} {running.arrived} of {running.sent} arrived.
            </p>
            <button type="button" class="button" onClick={() => void stopDrill()}>
              Stop
            </button>
          </>
        )}
        {!running && last && (
          <p>
            <b>{title(last.kind)}.</b> {ENDS[last.end]}: {last.arrived} of {last.sent} arrived.
          </p>
        )}
        {(running || last) && looked && <p class="small">{looked.look}</p>}
        {problem !== undefined && <p class="problem">{problem}</p>}
      </div>
      <details open={beginner}>
        <summary>
          <h2>Fault drill</h2>{' '}
          <span class="small">
            Break the simulated upstream on purpose, and watch what becomes of real uploads. Each drill ends
            by itself and mends what it broke.
          </span>
        </summary>
        <ul class="drills">
          {kinds.map(({ kind, title: name, what, seconds }) => (
            <li key={kind}>
              <button
                type="button"
                class="button"
                disabled={running !== null}
                onClick={() => void startDrill(kind).then(setProblem)}
              >
                {name}
              </button>
              <p class="small">
                {what}
                {seconds > 60 && ` Takes up to ${formatDuration(seconds * 1_000)}.`}
              </p>
            </li>
          ))}
        </ul>
      </details>
    </section>
  );
}
