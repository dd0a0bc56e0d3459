import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { CallRow } from './call-row.tsx';
import { type Calls, newestFirst } from './calls.ts';
import { type Call, type CallPage, fetchCalls } from './status-api.ts';

/** Rows that are shown of the live list; older ones are in the history. */
const SHOWN = 25;
const PAGE = '25';

/** What is asked of the history for each. */
const FILTERS = {
  all: { name: 'All', query: {} },
  failed: { name: 'Failed', query: { state: 'failed' } },
  edits: { name: 'Edits', query: { operation: 'edit' } },
} as const;

type Filter = keyof typeof FILTERS;

const FILTER_NAMES: readonly Filter[] = ['all', 'failed', 'edits'];

/** The uploads, newest first, each with its edit; or the edits by themselves. Each opens to its waterfall. */
export function Journeys({ calls, live }: { readonly calls: Calls; readonly live: boolean }): JSX.Element {
  const [filter, setFilter] = useState<Filter>('all');
  const [open, setOpen] = useState<string>();
  const [older, setOlder] = useState<{ readonly calls: Calls; readonly next: string | null }>();
  const more = async (before: string | undefined): Promise<void> => {
    const page = await fetchCalls({
      limit: PAGE,
      ...FILTERS[filter].query,
      ...(before !== undefined && { before }),
    });
    if (page) setOlder((known) => added(known?.calls, page));
  };
  // A filter asks the whole history, not only what the page has heard of.
  useEffect(() => {
    setOlder(undefined);
    if (filter !== 'all' && live) void more(undefined);
  }, [filter, live]);

  const listed = newestFirst(calls, filter === 'edits' ? 'edit' : 'upload');
  const known = filter === 'failed' ? listed.filter(({ state }) => state === 'failed') : listed;
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
          {FILTER_NAMES.map((name) => (
            <button key={name} type="button" aria-pressed={filter === name} onClick={() => setFilter(name)}>
              {FILTERS[name].name}
            </button>
          ))}
        </fieldset>
      </header>
      {shown.length === 0 && <p class="small">{nothing(filter, edits.size > 0)}</p>}
      <ol class="calls">
        {shown.map((call) => (
          <CallRow
            key={call.id}
            call={call}
            edit={call.operation === 'upload' ? edits.get(call.requestId) : undefined}
            open={open === call.id}
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

/** @param editing whether there have been edits: their images are inside them, or were there before. */
function nothing(filter: Filter, editing: boolean): string {
  if (filter === 'failed') return 'None has failed.';
  if (filter === 'all' && editing) return 'No image was uploaded by itself. What was edited is under Edits.';
  return 'None yet. Edit a picture, or start a drill.';
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
