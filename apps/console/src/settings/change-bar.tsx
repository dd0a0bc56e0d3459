import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { OutcomeReport } from './outcome-report.tsx';
import { meanwhile } from './settings-api.ts';
import type { SettingsEditor } from './use-settings.ts';

/** What is about to change, why, and what it would do. Always in reach while something is typed. */
export function ChangeBar({ editor }: { readonly editor: SettingsEditor }): JSX.Element | null {
  const [why, setWhy] = useState('');
  const { draft, pending, busy, refusal, outcome } = editor;
  const count = Object.keys(draft).length;
  if (count === 0) return null;
  const others = refusal === undefined ? null : meanwhile(refusal);
  const wrong = Object.keys(pending.problems).length > 0;

  const send = async (dryRun: boolean): Promise<void> => {
    if ((await editor.apply(why, dryRun)) && !dryRun) setWhy('');
  };

  return (
    <form
      class="change-bar"
      aria-label="Change settings"
      onSubmit={(event) => {
        event.preventDefault();
        void send(false);
      }}
    >
      <label>
        <span class="label">
          {count === 1 ? 'Why this change?' : `Why these ${count} changes?`} Kept with the revision.
        </span>
        <input
          class="field-input"
          required
          maxLength={500}
          value={why}
          onInput={(event) => setWhy(event.currentTarget.value)}
        />
      </label>
      {outcome?.dry_run && <OutcomeReport outcome={outcome} />}
      <div class="change-buttons">
        <button class="button" type="button" onClick={editor.discard}>
          Discard
        </button>
        <button
          class="button"
          type="button"
          disabled={busy || wrong || why.trim() === ''}
          onClick={() => void send(true)}
        >
          What would change?
        </button>
        <button class="button button-solid" type="submit" disabled={busy || wrong}>
          Apply
        </button>
      </div>
      {refusal && (
        <div class="problem" role="alert">
          <p>{refusal.message}</p>
          {others?.map(({ revision, who, why: because, changes }) => (
            <p key={revision}>
              Revision {revision}, {who}: {because} ({changes.map(({ key }) => key).join(', ')})
            </p>
          ))}
          {others !== null && (
            <button class="button" type="button" onClick={editor.catchUp}>
              Show what is in effect, keep what I typed
            </button>
          )}
        </div>
      )}
    </form>
  );
}
