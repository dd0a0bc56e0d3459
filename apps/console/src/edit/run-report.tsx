import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { Journey } from '../journey/journey.tsx';
import { IDLE_JOURNEY, wholeJourney } from '../journey/shape.ts';
import { formatBytes, formatCount, formatDuration } from '../ui/figures.ts';
import { SignIn } from '../ui/sign-in.tsx';
import { Attempts } from './attempts.tsx';
import type { EditorState, Run } from './editor.ts';
import { explainFailure } from './explain.ts';
import { OutputActions } from './output-actions.tsx';
import './run-report.css';
import type { Editor } from './use-editor.ts';

/** What became of one edit: its journey, what went wrong if anything did, what can be done with the result. */
export function RunReport({ run, editor }: { run: Run | undefined; editor: Editor }): JSX.Element {
  const { state, dispatch } = editor;
  const shape = run ? wholeJourney(run.progress) : IDLE_JOURNEY;
  const output = run?.outputs[state.shown.output];
  const top = useRef<HTMLDivElement>(null);

  // On a phone the result lies below the form: go there when an edit starts.
  const started = run?.progress.outcome === 'running';
  useEffect(() => {
    if (started && window.matchMedia('(max-width: 800px)').matches) {
      top.current?.closest('.result')?.scrollIntoView({ block: 'start' });
    }
  }, [started]);

  return (
    <div class="report" ref={top}>
      <Journey shape={shape} size="large" />
      <p class="hidden-visually" role="status">
        {run ? shape.words : ''}
      </p>
      {run?.failure && <FailureWords run={run} editor={editor} />}
      <div class="report-foot">
        {run && output && <OutputActions run={run} output={output} editor={editor} />}
        {run?.failure && <Again run={run} editor={editor} />}
        {run ? <p class="report-sum">{summary(run)}</p> : <PictureWords state={state} />}
      </div>
      <p class="small notice" role="status">
        {state.notice}
        {state.undo && (
          <button class="text-button" type="button" onClick={() => dispatch({ type: 'undone' })}>
            Undo
          </button>
        )}
      </p>
      {output?.revisedPrompt && <p class="small">The upstream read the prompt as: {output.revisedPrompt}</p>}
      {run && <Attempts run={run} />}
    </div>
  );
}

function summary({ progress, model }: Run): string {
  const words: string[] = [];
  if (progress.outcome === 'cancelled') words.push('cancelled');
  if (progress.retries > 0) words.push(formatCount(progress.retries, 'retry', 'retries'));
  if (progress.durationMs !== null) words.push(formatDuration(progress.durationMs));
  return [...words, model].join(' · ');
}

/** What is about to be edited. */
function PictureWords({ state }: { state: EditorState }): JSX.Element | null {
  const input = state.inputs[state.shown.input] ?? state.inputs[0];
  return input ? (
    <p class="small">
      <bdi>{input.name}</bdi> · {formatBytes(input.bytes)}
    </p>
  ) : null;
}

/** Sends the form once more. Only below the newest edit: the form may have moved on since an older one. */
function Again({ run, editor }: { run: Run; editor: Editor }): JSX.Element | null {
  if (!run.failure || run.failure.status === 401 || editor.state.runs[0]?.id !== run.id) return null;
  const { again } = explainFailure(run.failure);
  if (again === 'no') return null;
  return (
    <button class="button" type="button" onClick={() => void editor.edit()}>
      {again === 'risky' ? 'Send it again anyway' : 'Try again'}
    </button>
  );
}

function FailureWords({ run, editor }: { run: Run; editor: Editor }): JSX.Element | null {
  if (!run.failure) return null;
  const { title, detail, advice } = explainFailure(run.failure);
  return (
    <div class="failure" role="alert">
      <h2>{title}</h2>
      {detail !== '' && <p>{detail}</p>}
      <p class="failure-advice">{advice}</p>
      {run.failure.status === 401 && <SignIn onSignedIn={() => void editor.edit()} />}
    </div>
  );
}
