import type { JSX } from 'preact';
import { formatDuration } from '../ui/figures.ts';
import { Preview } from '../ui/preview.tsx';
import { usePictureUrl } from '../ui/use-picture.ts';
import { type Run, shownRun } from './editor.ts';
import './strip.css';
import type { Editor } from './use-editor.ts';

/** Everything else there is to look at: the other variants, the other originals, and the earlier results of this session. */
export function Strip({ editor: { state, dispatch } }: { editor: Editor }): JSX.Element | null {
  const run = shownRun(state);
  const originals = run && run.inputs.length > 1 && run.outputs.length > 0 ? run.inputs : [];
  const ended = state.runs.filter(({ progress }) => progress.outcome !== 'running');
  const tiles = ended.reduce((sum, { outputs }) => sum + Math.max(1, outputs.length), 0);
  const others = ended.some(({ id }) => id === run?.id) ? tiles - 1 : tiles;
  if (originals.length === 0 && others === 0) return null;
  return (
    <div class="strip">
      {originals.length > 0 && (
        <ul class="originals" aria-label="Originals to compare with">
          {originals.map((input, i) => (
            <li key={input.id}>
              <Thumb
                picture={input.picture}
                url={null}
                label={`Compare with ${input.name}`}
                current={state.shown.input === i}
                onClick={() => dispatch({ type: 'show', shown: { input: i } })}
              />
            </li>
          ))}
        </ul>
      )}
      {ended.map((earlier) => (
        <ul key={earlier.id} aria-label={`Results: ${earlier.prompt}`}>
          {earlier.outputs.map((output, i) => (
            <li key={output.picture ?? output.url}>
              <Thumb
                picture={output.picture}
                url={output.url}
                label={variantLabel(earlier, i)}
                current={earlier.id === run?.id && state.shown.output === i}
                onClick={() => dispatch({ type: 'show', shown: showOutput(earlier, run, i) })}
              />
            </li>
          ))}
          {earlier.outputs.length === 0 && (
            <li>
              <Thumb
                picture={earlier.inputs[0]?.picture ?? null}
                url={null}
                label={`${earlier.progress.outcome === 'failed' ? 'Failed' : 'Cancelled'}: ${earlier.prompt}`}
                current={earlier.id === run?.id}
                mark={earlier.progress.outcome}
                onClick={() => dispatch({ type: 'show', shown: { run: earlier.id, output: 0, input: 0 } })}
              />
            </li>
          )}
        </ul>
      ))}
    </div>
  );
}

/** Another variant of the same run keeps the original it is compared with. */
const showOutput = (next: Run, now: Run | undefined, output: number) =>
  next.id === now?.id ? { output } : { run: next.id, output, input: 0 };

function variantLabel({ outputs, prompt, progress }: Run, index: number): string {
  const time = progress.durationMs === null ? '' : `, ${formatDuration(progress.durationMs)}`;
  return outputs.length === 1
    ? `${prompt}${time}`
    : `Variant ${index + 1} of ${outputs.length}: ${prompt}${time}`;
}

interface ThumbProps {
  readonly picture: string | null;
  /** Used when the picture itself is not here. */
  readonly url: string | null;
  readonly label: string;
  readonly current: boolean;
  readonly mark?: string;
  onClick(): void;
}

function Thumb({ picture, url, label, current, mark, onClick }: ThumbProps): JSX.Element {
  const src = usePictureUrl(picture) ?? url;
  return (
    <button
      class="thumb"
      type="button"
      aria-label={label}
      aria-pressed={current}
      title={label}
      data-mark={mark}
      onClick={onClick}
    >
      <Preview url={src ?? undefined} />
    </button>
  );
}
