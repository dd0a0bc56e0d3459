import type { JSX } from 'preact';
import type { Revision } from './settings-api.ts';
import type { SettingsEditor } from './use-settings.ts';
import { valueText } from './value-text.ts';

/** Who changed what, when and why; and the way back. */
export function History({ editor }: { readonly editor: SettingsEditor }): JSX.Element {
  const { revisions, busy } = editor;
  return (
    <section class="history" aria-label="History">
      <h2>History</h2>
      {revisions.length === 0 && <p class="small">Nothing has been changed: everything is as configured.</p>}
      <ol>
        {revisions.map((revision, index) => (
          <li key={revision.revision}>
            <Entry {...revision} />
            <button
              class="button"
              type="button"
              disabled={busy}
              onClick={() => void editor.rollBack(index === 0 ? undefined : revision.revision)}
            >
              {index === 0 ? 'Roll back' : 'Back to this'}
            </button>
          </li>
        ))}
      </ol>
    </section>
  );
}

function Entry({ revision, at, who, why, changes, rollback_to }: Revision): JSX.Element {
  return (
    <div>
      <p>
        <strong>{revision}</strong> {why}
        {rollback_to !== null && <span class="small"> (back to {rollback_to})</span>}
      </p>
      <p class="small">
        {who}, <time dateTime={at}>{new Date(at).toLocaleString()}</time>
      </p>
      <ul class="small">
        {changes.map(({ key, from, to }) => (
          <li key={key}>
            <code>{key}</code> {valueText(from)} → {valueText(to)}
          </li>
        ))}
      </ul>
    </div>
  );
}
