import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { ConnectionView } from '../api/wire.ts';
import { formatDuration } from '../ui/figures.ts';
import './journey.css';
import { type JourneyShape, type Loop, retriesOf, type Stretch } from './shape.ts';
import { spread } from './spread.ts';
import { connectionWords, originWords } from './words.ts';

export interface JourneyProps {
  readonly shape: JourneyShape;
  /** `large`: a page's centre, with names, figures, chips and reasons. `row`: a list. `hairline`: under a thumbnail. */
  readonly size: 'large' | 'row' | 'hairline';
}

/** Loops closer than this share of a stretch would be drawn over each other: on a page, and on a phone. */
const LOOP_GAP = 0.2;
const LOOP_GAP_NARROW = 0.36;

const STOPS = ['You', 'Ferry', 'Upstream', 'Edited'] as const;

/** The way of an image as a line with four stops: it fills as bytes move, and a retry is a loop where it happened. */
export function Journey({ shape, size }: JourneyProps): JSX.Element {
  const line = (
    <div class={`journey journey-${size}`} role="img" aria-label={shape.words}>
      {STOPS.map((name, i) => {
        const before = shape.stretches[i - 1];
        const after = shape.stretches[i];
        return [
          size !== 'hairline' && (
            <span key={name} class="stop" data-state={stopState(before, after)}>
              {size === 'large' && <span class="stop-name">{name}</span>}
            </span>
          ),
          after && <StretchLine key={after.stop} stretch={after} size={size} />,
        ];
      })}
    </div>
  );
  if (size !== 'large') return line;
  return (
    <div class="journey-frame">
      {line}
      <Notes shape={shape} />
    </div>
  );
}

function stopState(before: Stretch | undefined, after: Stretch | undefined): string {
  if (before === undefined) return after?.state === 'waiting' ? 'waiting' : 'reached';
  return before.state === 'done' ? 'reached' : before.state === 'failed' ? 'failed' : 'waiting';
}

function StretchLine({ stretch, size }: { stretch: Stretch; size: JourneyProps['size'] }): JSX.Element {
  const { state, fill, loops, connections, figure } = stretch;
  const places = loops.map((loop) => loop.at);
  const wide = spread(places, LOOP_GAP);
  const narrow = spread(places, LOOP_GAP_NARROW);
  return (
    <span class="stretch" data-state={state}>
      {size === 'large' && connections.length > 0 && <Chips connections={connections} />}
      <span class="line">
        <span class="fill" data-measured={fill !== null} style={{ '--fill': String(fill ?? 1) }} />
      </span>
      {loops.map((loop, i) => (
        <LoopMark key={loop.number} loop={loop} at={wide[i] ?? 0} atNarrow={narrow[i] ?? 0} size={size} />
      ))}
      {size === 'large' && (
        <span class="figure">{fill === null && state === 'moving' ? <Elapsed /> : figure}</span>
      )}
    </span>
  );
}

interface LoopMarkProps {
  readonly loop: Loop;
  readonly at: number;
  readonly atNarrow: number;
  readonly size: JourneyProps['size'];
}

function LoopMark({ loop, at, atNarrow, size }: LoopMarkProps): JSX.Element {
  return (
    <span class="loop" style={{ '--at': String(at), '--at-narrow': String(atNarrow) }} title={loop.words}>
      {size !== 'hairline' && (
        <svg viewBox="0 0 40 36" aria-hidden="true">
          <path d="M0 34.5C16 34.5 31 27 31 14a11 11 0 1 0-22 0c0 13 15 20.5 31 20.5" pathLength="1" />
          {size === 'large' && (
            <text x="20" y="18">
              {loop.number}
            </text>
          )}
        </svg>
      )}
    </span>
  );
}

function Chips({ connections }: { connections: readonly ConnectionView[] }): JSX.Element {
  const [only] = connections;
  if (only && connections.length === 1) {
    return (
      <span class="chips">
        <Chip connection={only} />
      </span>
    );
  }
  return (
    <span class="chips">
      <span class="chip" title={connections.map((c) => connectionWords(c).join(' ')).join('\n')}>
        {connections.length} connections
      </span>
    </span>
  );
}

/** Names a connection: its protocol, how it came to be there, and its number. */
export function Chip({ connection }: { connection: ConnectionView }): JSX.Element {
  const words = connectionWords(connection);
  return (
    <span class="chip" title={`Connection ${words.at(-1)}: ${originWords(connection)}`}>
      {words.map((word) => (
        <span key={word}>{word}</span>
      ))}
    </span>
  );
}

/** What the line cannot hold: each retry's reason and, where the line is too short for chips, the connections. */
function Notes({ shape }: { shape: JourneyShape }): JSX.Element {
  const retries = retriesOf(shape);
  const named = shape.stretches.filter((stretch) => stretch.connections.length > 0);
  return (
    <div class="journey-notes">
      {named.length > 0 && (
        <div class="narrow-chips">
          {named.map((stretch) => (
            <span key={stretch.stop}>
              {stretch.stop} <Chips connections={stretch.connections} />
            </span>
          ))}
        </div>
      )}
      {retries.length > 0 && (
        <ol class="retries" aria-label="Retries">
          {retries.map((retry) => (
            <li key={retry.number}>
              <span class="retry-number">{retry.number}</span>
              <span>{retry.words}</span>
            </li>
          ))}
        </ol>
      )}
    </div>
  );
}

/** Counts the time since it appeared, in tenths of a second. */
function Elapsed(): JSX.Element {
  const [start] = useState(() => performance.now());
  const [now, setNow] = useState(start);
  useEffect(() => {
    const timer = setInterval(() => setNow(performance.now()), 100);
    return () => clearInterval(timer);
  }, []);
  return <>{formatDuration(Math.floor((now - start) / 100) * 100)}</>;
}
