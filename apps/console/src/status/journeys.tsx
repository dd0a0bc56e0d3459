import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { CallRow } from './call-row.tsx';
import { type Calls, newestFirst } from './calls.ts';
import { type Call, type CallPage, fetchCalls } from './status-api.ts';

/** Rows that are shown of the live list; older ones are in the history. */
const SHOWN = 25;
const PAGE = '25';

const FILTERS = [
  { value: '', name: 'All' },
  { value: 'failed', name: 'Failed' },
] as const;

type Filter = (typeof FILTERS)[number]['value'];

/** The uploads, newest first; each opens to its waterfall. */
export function Journeys({ calls, live }: { readonly calls: Calls; readonly live: boolean }): JSX.Element {
  const [filter, setFilter] = useState<Filter>('');
  const [open, setOpen] = useState<string>();
  const [older, setOlder] = useState<{ readonly calls: Calls; readonly next: string | null }>();
  const more = async (before: string | undefined): Promise<void> => {
    const page = await fetchCalls({
      limit: PAGE,
      ...(filter !== '' && { state: filter }),
      ...(before !== undefined && { before }),
    });
    if (page) setOlder((known) => added(known?.calls, page));
  };
  // A filter asks the whole history, not only what the page has heard of.
  useEffect(() => {
    setOlder(undefined);
    if (filter !== '' && live) void more(undefined);
  }, [filter, live]);

  const known = newestFirst(calls, 'upload').filter(({ state }) => filter === '' || state === filter);
  const shown = older === undefined ? known.slice(0, SHOWN) : merged(known, older.calls);
  const edits = new Map(
    [...calls.values()].flatMap((call) => (call.operation === 'edit' ? [[call.requestId, call]] : [])),
  );
  const last = shown.at(-1);
  return (
    <section class="journeys" aria-label="Uploads">
      <header>
        <h2>Uploads</h2>
        <fieldset class="choice" aria-label="Show">
          {FILTERS.map(({ value, name }) => (
            <button
              key={value}
              type="button"
              aria-pressed={filter === value}
              onClick={() => setFilter(value)}
            >
              {name}
            </button>
          ))}
        </fieldset>
      </header>
      {shown.length === 0 && (
        <p class="small">
          {filter === 'failed' ? 'None has failed.' : 'None yet. Edit a picture, or start a drill.'}
        </p>
      )}
      <ol class="calls">
        {shown.map((upload) => (
          <CallRow
            key={upload.id}
            upload={upload}
            edit={edits.get(upload.requestId)}
            open={open === upload.id}
            toggle={(id) => setOpen(open === id ? undefined : id)}
          />
        ))}
      </ol>
      {last && older?.next !== null && shown.length >= SHOWN && (
        <button
          type="button"
          class="button"
          onClick={() => void more(older?.next ?? `${last.startedAt}-${last.id}`)}
        >
          Older
        </button>
      )}
    </section>
  );
}

const added = (calls: Calls | undefined, page: CallPage): { calls: Calls; next: string | null } => ({
  calls: new Map([...(calls ?? []), ...page.calls.map((call) => [call.id, call] as const)]),
  next: page.nextBefore,
});

function merged(known: readonly Call[], older: Calls): Call[] {
  const all = new Map(older);
  for (const call of known) all.set(call.id, call);
  return [...all.values()].sort((a, b) => b.startedAt - a.startedAt);
}
