import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { ConsoleInfo } from '../api/wire.ts';
import { Journey } from '../journey/journey.tsx';
import { imageJourney, type JourneyShape } from '../journey/shape.ts';
import { formatBytes } from '../ui/figures.ts';
import { Icon } from '../ui/icons.tsx';
import { Preview } from '../ui/preview.tsx';
import { usePictureUrl } from '../ui/use-picture.ts';
import { ACCEPT } from './checks.ts';
import { type InputImage, type Run, shownRun } from './editor.ts';
import { failedImage } from './explain.ts';
import './inputs.css';
import type { Editor } from './use-editor.ts';

/** The images to edit: thumbnails that can be replaced by dropping on them, and a tile to add more. */
export function Inputs({ editor, info }: { editor: Editor; info: ConsoleInfo }): JSX.Element {
  const { state, dispatch, addFiles } = editor;
  const { inputs } = state;
  const run = shownRun(state) ?? state.runs[0];
  return (
    <div class="inputs">
      <span class="label" id="inputs-label">
        {inputs.length === 0 ? 'Image' : inputs.length === 1 ? '1 image' : `${inputs.length} images`}
      </span>
      <ul class="tiles" aria-labelledby="inputs-label">
        {inputs.map((input, i) => (
          <Tile
            key={input.id}
            input={input}
            index={i}
            current={state.shown.run === null && state.shown.input === i}
            journey={journeyOf(run, input)}
            refused={isRefused(run, input)}
            onShow={() => dispatch({ type: 'show', shown: { run: null, output: 0, input: i } })}
            onRemove={() => dispatch({ type: 'input-removed', index: i })}
          />
        ))}
        {inputs.length < info.limits.maxImages && (
          <li class="tile-add" data-empty={inputs.length === 0}>
            <label>
              <input
                class="hidden-visually"
                type="file"
                multiple
                accept={ACCEPT}
                aria-label="Add images"
                aria-describedby="images-hint"
                onChange={(event) => {
                  const files = [...(event.currentTarget.files ?? [])];
                  // The same file picked again must be a change again.
                  event.currentTarget.value = '';
                  void addFiles(files);
                }}
              />
              <Icon name="plus" />
              {inputs.length === 0 && <span>Drop, paste or pick images</span>}
            </label>
          </li>
        )}
      </ul>
      <p class="small" id="images-hint">
        {hint(inputs, info)}
      </p>
      {state.problems.images !== undefined && (
        <p class="problem" role="alert">
          {state.problems.images}
        </p>
      )}
    </div>
  );
}

function hint(inputs: readonly InputImage[], info: ConsoleInfo): string {
  const most = formatBytes(info.limits.maxFileBytes);
  if (inputs.length === 0) return `JPEG, PNG or WebP, at most ${most} each.`;
  if (inputs.length < info.limits.maxImages) return 'Drop, paste or pick more; drop on one to replace it.';
  return `At most ${info.limits.maxImages} in one edit; drop on one to replace it.`;
}

/** The hairline under a thumbnail: the journey of this very image in the run on show. */
function journeyOf(run: Run | undefined, input: InputImage): JourneyShape | undefined {
  const index = run?.inputs.findIndex(({ id }) => id === input.id) ?? -1;
  return run && index !== -1 ? imageJourney(run.progress, index) : undefined;
}

function isRefused(run: Run | undefined, input: InputImage): boolean {
  if (!run?.failure) return false;
  const index = failedImage(
    run.failure,
    run.inputs.map(({ name }) => name),
  );
  return index !== undefined && run.inputs[index]?.id === input.id;
}

interface TileProps {
  readonly input: InputImage;
  readonly index: number;
  readonly current: boolean;
  readonly journey: JourneyShape | undefined;
  readonly refused: boolean;
  onShow(): void;
  onRemove(): void;
}

function Tile({ input, index, current, journey, refused, onShow, onRemove }: TileProps): JSX.Element {
  const url = usePictureUrl(input.picture);
  const [over, setOver] = useState(false);
  return (
    <li
      class="tile"
      data-input={index}
      data-over={over}
      data-refused={refused}
      onDragEnter={() => setOver(true)}
      onDragLeave={(event) =>
        !(event.relatedTarget instanceof Node && event.currentTarget.contains(event.relatedTarget)) &&
        setOver(false)
      }
      onDrop={() => setOver(false)}
    >
      <button
        class="tile-picture"
        type="button"
        aria-label={`Show ${input.name}, ${formatBytes(input.bytes)}`}
        aria-pressed={current}
        title={`${input.name} · ${formatBytes(input.bytes)}`}
        onClick={onShow}
        onKeyDown={(event) => event.key === 'Delete' && onRemove()}
      >
        <Preview url={url} />
      </button>
      <button class="tile-remove" type="button" aria-label={`Remove ${input.name}`} onClick={onRemove}>
        <Icon name="cross" />
      </button>
      {journey && <Journey shape={journey} size="hairline" />}
    </li>
  );
}
