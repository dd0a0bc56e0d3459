import type { JSX } from 'preact';
import { type AttemptView, PHASES, type Phase } from '../api/wire.ts';
import { Chip, Journey } from '../journey/journey.tsx';
import type { CallProgress } from '../journey/progress.ts';
import { imageJourney } from '../journey/shape.ts';
import { attemptWords } from '../journey/words.ts';
import { formatBytes, formatCount, formatDuration } from '../ui/figures.ts';
import './attempts.css';
import type { Run } from './editor.ts';

/** Every upload and the edit, attempt by attempt: the connection used, the time in each phase, and why it ended. */
export function Attempts({ run }: { run: Run }): JSX.Element | null {
  const { images, edit } = run.progress;
  const total = [...images.map(({ upload }) => upload), edit].reduce((sum, call) => sum + tries(call), 0);
  if (total === 0) return null;
  const longestUpload = longest(images.map(({ upload }) => upload));
  return (
    <details class="attempts">
      <summary>Connections and {formatCount(total, 'attempt')}</summary>
      {images.map((image, i) => (
        <section
          key={run.inputs[i]?.id}
          aria-label={image.inside ? `${image.name}, inside the edit` : `Upload of ${image.name}`}
        >
          <header>
            <h3 title={image.name}>
              <bdi>{image.name}</bdi>
            </h3>
            <Journey shape={imageJourney(run.progress, i)} size="row" />
            <span class="figures">
              {formatBytes(image.bytes)}
              {image.inside && ' · inside the edit'}
              {image.upload.durationMs !== null && ` · ${formatDuration(image.upload.durationMs)}`}
            </span>
          </header>
          <AttemptRows call={image.upload} longest={longestUpload} />
        </section>
      ))}
      {tries(edit) > 0 && (
        <section aria-label="The edit">
          <header>
            <h3>The edit</h3>
            <span class="figures">{edit.durationMs !== null && formatDuration(edit.durationMs)}</span>
          </header>
          <AttemptRows call={edit} longest={longest([edit])} />
        </section>
      )}
      <Legend />
      {run.requestId !== '' && <p class="small">Ferry's log names this request {run.requestId}.</p>}
    </details>
  );
}

/** The scale of a waterfall. Uploads share one; the edit has its own, since it takes so much longer. Milliseconds. */
const longest = (calls: readonly CallProgress[]): number =>
  Math.max(1, ...calls.flatMap(({ attempts }) => attempts.map(({ durationMs }) => durationMs)));

const tries = (call: CallProgress): number => Math.max(call.attempt, call.attempts.length);

function AttemptRows({ call, longest }: { call: CallProgress; longest: number }): JSX.Element {
  return (
    <ol>
      {call.attempts.map((attempt) => (
        <AttemptRow key={attempt.attempt} attempt={attempt} longest={longest} />
      ))}
    </ol>
  );
}

function AttemptRow({ attempt, longest }: { attempt: AttemptView; longest: number }): JSX.Element {
  const wrong = attemptWords(attempt);
  return (
    <li>
      <span class="attempt-words" data-wrong={wrong !== undefined}>
        {attempt.attempt}. {wrong ?? `answered ${attempt.status ?? ''}`}
      </span>
      {attempt.connection && <Chip connection={attempt.connection} />}
      <span class="figures">{formatDuration(attempt.durationMs)}</span>
      <Waterfall attempt={attempt} longest={longest} />
    </li>
  );
}

const PHASE_NAMES: Readonly<Record<Phase, string>> = {
  acquire: 'wait for a place',
  connect: 'connect',
  request: 'send',
  headers: 'wait for the answer',
  body: 'receive',
};

/** The phases of one attempt as bars. */
function Waterfall({ attempt, longest }: { attempt: AttemptView; longest: number }): JSX.Element {
  const words = PHASES.filter((phase) => attempt.phaseMs[phase] !== undefined)
    .map((phase) => `${PHASE_NAMES[phase]} ${formatDuration(attempt.phaseMs[phase] ?? 0)}`)
    .join(', ');
  return (
    <span class="waterfall" role="img" aria-label={words} title={words}>
      {PHASES.filter((phase) => attempt.phaseMs[phase] !== undefined).map((phase) => (
        <span
          key={phase}
          data-phase={phase}
          style={{ '--share': String((attempt.phaseMs[phase] ?? 0) / longest) }}
        />
      ))}
    </span>
  );
}

function Legend(): JSX.Element {
  return (
    <p class="legend small" aria-hidden="true">
      {PHASES.map((phase) => (
        <span key={phase}>
          <i data-phase={phase} /> {PHASE_NAMES[phase]}
        </span>
      ))}
    </p>
  );
}
