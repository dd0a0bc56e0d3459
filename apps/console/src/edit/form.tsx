import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { ConsoleInfo } from '../api/wire.ts';
import { Journey } from '../journey/journey.tsx';
import { wholeJourney } from '../journey/shape.ts';
import { announceEdit, createAnnouncer } from './announce.ts';
import { ConnectionChoice } from './connection-choice.tsx';
import { runningRun } from './editor.ts';
import './form.css';
import { Inputs } from './inputs.tsx';
import type { Editor } from './use-editor.ts';

const IS_MAC = /Mac|iPhone|iPad/.test(navigator.userAgent);

export function EditForm({ editor, info }: { editor: Editor; info: ConsoleInfo }): JSX.Element {
  const { state, dispatch } = editor;
  const running = runningRun(state);
  // The second click of a double click on Edit lands on Cancel, which has taken its place.
  // Whoever is at the form will send it soon.
  const [announce] = useState(() => createAnnouncer(announceEdit));
  const model = isKnown(info, state.model) ? state.model : info.defaultModel;
  const soon = () => announce({ model, reuse: state.reuse });
  const cancelOnce = ({ detail }: MouseEvent) => detail < 2 && editor.cancel();
  return (
    <form
      class="form"
      noValidate
      onFocusIn={soon}
      onPointerMove={soon}
      onInput={soon}
      onSubmit={(event) => {
        event.preventDefault();
        void editor.edit();
      }}
    >
      <Inputs editor={editor} info={info} />
      <Prompt editor={editor} info={info} />
      <div class="field-model">
        <label class="label" for="model">
          Model
        </label>
        <select
          class="field-input"
          id="model"
          value={model}
          onChange={(event) => dispatch({ type: 'form', change: { model: event.currentTarget.value } })}
        >
          <ModelOptions info={info} />
        </select>
        <Problem text={state.problems.model} />
      </div>
      <Variants editor={editor} nMax={info.limits.nMax} />
      <ConnectionChoice
        reuse={state.reuse}
        upload={info.upload}
        onChange={(reuse) => dispatch({ type: 'form', change: { reuse } })}
      />
      <div class="send-bar">
        {running && <Journey shape={wholeJourney(running.progress)} size="hairline" />}
        {running ? (
          <button class="button button-primary" type="button" onClick={cancelOnce}>
            Cancel{' '}
            <span class="keys" aria-hidden="true">
              Esc
            </span>
          </button>
        ) : (
          <button class="button button-primary" type="submit" aria-keyshortcuts="Control+Enter Meta+Enter">
            Edit{' '}
            <span class="keys" aria-hidden="true">
              {IS_MAC ? '⌘ Return' : 'Ctrl+Enter'}
            </span>
          </button>
        )}
      </div>
    </form>
  );
}

function Problem({ text }: { text: string | undefined }): JSX.Element | null {
  return text === undefined ? null : (
    <p class="problem" role="alert">
      {text}
    </p>
  );
}

function Prompt({ editor, info }: { editor: Editor; info: ConsoleInfo }): JSX.Element {
  const { prompt, problems } = editor.state;
  const { maxPromptChars } = info.limits;
  return (
    <div>
      <label class="label" for="prompt">
        Prompt
      </label>
      <textarea
        class="field-input"
        id="prompt"
        rows={3}
        placeholder="Say what should change"
        value={prompt}
        aria-invalid={problems.prompt !== undefined}
        onInput={(event) => editor.dispatch({ type: 'form', change: { prompt: event.currentTarget.value } })}
      />
      {prompt.length > maxPromptChars * 0.8 && (
        <p class="small">
          {prompt.length} of {maxPromptChars} characters
        </p>
      )}
      <Problem text={problems.prompt} />
    </div>
  );
}

function ModelOptions({ info }: { info: ConsoleInfo }): JSX.Element {
  const aliases = info.models.flatMap(({ id, aliases }) => aliases.map((alias) => ({ id, alias })));
  const models = info.models.map(({ id }) => (
    <option key={id} value={id}>
      {id}
    </option>
  ));
  if (aliases.length === 0) return <>{models}</>;
  return (
    <>
      <optgroup label="Models">{models}</optgroup>
      <optgroup label="Other names">
        {aliases.map(({ alias }) => (
          <option key={alias} value={alias}>
            {alias}
          </option>
        ))}
      </optgroup>
    </>
  );
}

const isKnown = (info: ConsoleInfo, model: string): boolean =>
  info.models.some(({ id, aliases }) => id === model || aliases.includes(model));

function Variants({ editor, nMax }: { editor: Editor; nMax: number }): JSX.Element {
  const { n, problems } = editor.state;
  const chosen = Math.min(n, nMax);
  return (
    <fieldset class="variants">
      <legend class="label">Variants</legend>
      <div class="scale">
        {Array.from({ length: nMax }, (_, i) => i + 1).map((count) => (
          <label key={count}>
            <input
              type="radio"
              name="n"
              value={count}
              checked={count === chosen}
              onChange={() => editor.dispatch({ type: 'form', change: { n: count } })}
            />
            <span>{count}</span>
          </label>
        ))}
      </div>
      <Problem text={problems.n} />
    </fieldset>
  );
}
