import type { JSX } from 'preact';
import type { Outcome } from './settings-api.ts';
import { valueText } from './value-text.ts';

/** What a change did, or would do: the settings, and the connections that are opened anew. */
export function OutcomeReport({ outcome }: { readonly outcome: Outcome }): JSX.Element {
  const { dry_run, revision, changes, replaces } = outcome;
  return (
    <div class="outcome" role="status">
      <p>
        {changes.length === 0
          ? 'Nothing differs.'
          : dry_run
            ? 'This would change:'
            : `Revision ${revision} is in effect.`}
      </p>
      <ul>
        {changes.map(({ key, from, to }) => (
          <li key={key}>
            <code>{key}</code> {valueText(from)} → {valueText(to)}
          </li>
        ))}
        {replaces.map(({ upstream, connections, open, requests }) => (
          <li key={`${upstream} ${connections}`}>
            The {connections} connections to {upstream} are opened anew.{' '}
            {open === 0 ? 'None is open.' : `${open} open; ${requests} requests on them end first.`}
          </li>
        ))}
        {changes.length > 0 && replaces.length === 0 && <li>No connection is replaced.</li>}
      </ul>
    </div>
  );
}
