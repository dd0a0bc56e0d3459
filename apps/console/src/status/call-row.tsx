import type { JSX } from 'preact';
import { Chip, Journey } from '../journey/journey.tsx';
import { attemptWords, capital } from '../journey/words.ts';
import { formatBytes, formatCount, formatDuration } from '../ui/figures.ts';
import { callJourney, editJourney, editName, retries } from './call-journey.ts';
import type { Call } from './status-api.ts';
import { reasonOf } from './verdict.ts';
import { type WaterfallRow, waterfall } from './waterfall.ts';

export interface CallRowProps {
  /** An upload; or an edit, where edits are listed. */
  readonly call: Call;
  /** The edit that an upload was for, when there has been one. */
  readonly edit?: Call | undefined;
  readonly open: boolean;
  toggle(id: string): void;
}

export function CallRow({ call, edit, open, toggle }: CallRowProps): JSX.Element {
  const { id, startedAt, state, durationMs, bytes } = call;
  const isEdit = call.operation === 'edit';
  const name = isEdit ? editName(call) : (call.filename ?? 'image');
  const words = outcomeWords(call, edit);
  return (
    <li class="call" data-state={state} data-open={open}>
      <button type="button" class="call-line" aria-expanded={open} onClick={() => toggle(id)}>
        <time class="call-time">{new Date(startedAt).toLocaleTimeString('en-GB')}</time>
        <bdi class="call-name" title={name}>
          {name}
        </bdi>
        <Journey shape={isEdit ? editJourney(call) : callJourney(call, edit)} size="row" />
        <span class="call-words" data-tone={words.tone}>
          {words.text}
        </span>
        <span class="call-figures">
          {bytes !== null && formatBytes(bytes)}
          {durationMs !== null && ` · ${formatDuration(durationMs)}`}
        </span>
      </button>
      {open && (
        <div class="call-detail">
          <Attempts call={call} name={isEdit ? 'Edit' : 'Upload'} />
          {edit && <Attempts call={edit} name="Edit" />}
          <p class="small">
            In the log: <code>{call.requestId}</code>, <code>{id}</code>
          </p>
        </div>
      )}
    </li>
  );
}

type Tone = 'plain' | 'attention' | 'failed' | 'moving';

function outcomeWords(call: Call, edit: Call | undefined): { readonly tone: Tone; readonly text: string } {
  const count = retries(call);
  const tried = count === 0 ? '' : formatCount(count, 'retry', 'retries');
  switch (call.state) {
    case 'running':
      return { tone: count > 0 ? 'attention' : 'moving', text: tried || 'under way' };
    case 'failed':
      return { tone: 'failed', text: `${capital(reasonOf(call))}${tried && `; ${tried}`}` };
    case 'aborted':
      return { tone: 'plain', text: 'Cancelled by the caller' };
    case 'ok': {
      if (edit?.state === 'failed') return { tone: 'failed', text: `Arrived; edit: ${reasonOf(edit)}` };
      const first = call.attempts[0];
      const why = first && attemptWords(first);
      return count > 0 && why !== undefined
        ? { tone: 'attention', text: `${tried}: ${why}` }
        : { tone: 'plain', text: call.operation === 'edit' ? 'Edited' : 'Arrived' };
    }
    default:
      return call.state satisfies never;
  }
}

function Attempts({ call, name }: { readonly call: Call; readonly name: string }): JSX.Element {
  const { wholeMs, rows } = waterfall(call);
  return (
    <section aria-label={`${name}, attempt by attempt`}>
      <h3 class="label">
        {name} at {call.provider}, {formatDuration(wholeMs)} in all
      </h3>
      <ol class="attempt-list">
        {rows.map((row) => (
          <AttemptLine key={row.attempt.attempt} row={row} />
        ))}
        {call.runningAttempt !== null && <li class="small">Attempt {call.runningAttempt} is under way.</li>}
      </ol>
    </section>
  );
}

const NAMES = {
  pause: 'pause before it',
  acquire: 'wait for a place',
  connect: 'connect',
  request: 'send',
  headers: 'wait for the answer',
  body: 'receive',
} as const;

function AttemptLine({ row: { attempt, bars } }: { readonly row: WaterfallRow }): JSX.Element {
  const wrong = attemptWords(attempt);
  const words = bars.map(({ kind, ms }) => `${NAMES[kind]} ${formatDuration(ms)}`).join(', ');
  return (
    <li>
      <span class="attempt-head">
        <span class="attempt-why" data-wrong={wrong !== undefined}>
          {attempt.attempt}. {capital(wrong ?? `answered ${attempt.status ?? ''}`)}
          {wrong !== undefined && attempt.bytesSent > 0 && ` after ${formatBytes(attempt.bytesSent)}`}
        </span>
        {attempt.connection && <Chip connection={attempt.connection} />}
      </span>
      <span class="bars" role="img" aria-label={words} title={words}>
        {bars.map(({ kind, from, width }) => (
          <span key={kind} data-phase={kind} style={{ '--from': String(from), '--width': String(width) }} />
        ))}
      </span>
      <span class="attempt-phases small">{words}</span>
    </li>
  );
}
