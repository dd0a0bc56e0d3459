import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { type Calls, withBytes, withCalls, withoutRunning } from './calls.ts';
import {
  decodeCall,
  EVENTS_PATH,
  fetchCalls,
  fetchSeries,
  fetchState,
  type Series,
  type State,
} from './status-api.ts';

/** How soon it tries again to hear of the gateway. Milliseconds. */
const AGAIN_MS = 1_000;
/** Under load there are hundreds of events a second, and nobody sees more than ten pictures. Milliseconds. */
const DRAW_MS = 100;
/** How often the charts are asked for anew. Milliseconds. */
const SERIES_MS = 3_000;
/** Uploads that are asked for when the page comes to the gateway. */
const FIRST = 50;

export interface Status {
  /** Whether the gateway is heard of at this moment. */
  readonly link: 'connecting' | 'live' | 'reconnecting';
  readonly state: State | undefined;
  readonly calls: Calls;
  /** The last hour, for the words. */
  readonly hour: Series | undefined;
  /** What the charts show. */
  readonly series: Series | undefined;
}

const HOUR_MINUTES = 60;

/** Hears of the gateway for as long as the page is there, through its restarts. */
export function useStatus(minutes: number): Status {
  const [link, setLink] = useState<Status['link']>('connecting');
  const [state, setState] = useState<State>();
  const [calls, setCalls] = useState<Calls>(new Map());
  const live = link === 'live';
  const heard = useCallback((change: (calls: Calls) => Calls) => setCalls(change), []);
  useEvents(setLink, setState, heard);
  // After a restart the gateway's memory is empty; the history is not.
  useEffect(() => {
    if (!live) return;
    for (const operation of ['upload', 'edit'] as const) {
      void fetchCalls({ operation, limit: String(FIRST) }).then((page) => {
        if (page) setCalls((known) => withCalls(known, page.calls));
      });
    }
  }, [live]);
  const hour = useSeries(HOUR_MINUTES, live);
  const other = useSeries(minutes === HOUR_MINUTES ? undefined : minutes, live);
  return { link, state, calls, hour, series: minutes === HOUR_MINUTES ? hour : other };
}

function useEvents(
  setLink: (link: Status['link']) => void,
  setState: (state: State) => void,
  setCalls: (change: (calls: Calls) => Calls) => void,
): void {
  useEffect(() => {
    let source: EventSource | undefined;
    let again: number | undefined;
    let startedAt: number | undefined;
    const draw = collected(setCalls);
    const open = (): void => {
      source = new EventSource(EVENTS_PATH);
      on<State>(source, 'state', (state) => {
        if (startedAt !== undefined && startedAt !== state.started_at) draw.add(withoutRunning);
        startedAt = state.started_at;
        setLink('live');
        setState(state);
      });
      on<readonly unknown[]>(source, 'calls', (list) =>
        draw.add((calls) => withCalls(calls, list.map(decodeCall))),
      );
      on<unknown>(source, 'call', (call) => draw.add((calls) => withCalls(calls, [decodeCall(call)])));
      on<Parameters<typeof withBytes>[1]>(source, 'bytes', (bytes) =>
        draw.add((calls) => withBytes(calls, bytes)),
      );
      source.onerror = () => {
        // The browser's own repetition gives up for good on an answer that is no stream, such as a proxy's 502.
        source?.close();
        setLink('reconnecting');
        // A session that has expired is told by this, and by no EventSource.
        void fetchState();
        again = window.setTimeout(open, AGAIN_MS);
      };
    };
    open();
    return () => {
      source?.close();
      window.clearTimeout(again);
      draw.cancel();
    };
  }, [setLink, setState, setCalls]);
}

function on<T>(source: EventSource, name: string, hear: (data: T) => void): void {
  source.addEventListener(name, (event: MessageEvent<string>) => hear(JSON.parse(event.data) as T));
}

type Change = (calls: Calls) => Calls;

/** Changes that come close together, as one. */
function collected(apply: (change: Change) => void): { add(change: Change): void; cancel(): void } {
  let waiting: Change[] = [];
  let timer: number | undefined;
  return {
    add: (change) => {
      waiting.push(change);
      timer ??= window.setTimeout(() => {
        timer = undefined;
        const changes = waiting;
        waiting = [];
        apply((calls) => changes.reduce((now, one) => one(now), calls));
      }, DRAW_MS);
    },
    cancel: () => window.clearTimeout(timer),
  };
}

function useSeries(minutes: number | undefined, live: boolean): Series | undefined {
  const [series, setSeries] = useState<{ readonly minutes: number; readonly series: Series }>();
  const asking = useRef(false);
  useEffect(() => {
    if (minutes === undefined || !live) return undefined;
    let left = false;
    const look = async (): Promise<void> => {
      if (asking.current || document.visibilityState !== 'visible') return;
      asking.current = true;
      const next = await fetchSeries(minutes);
      asking.current = false;
      if (next && !left) setSeries({ minutes, series: next });
    };
    void look();
    const timer = window.setInterval(() => void look(), SERIES_MS);
    return () => {
      left = true;
      asking.current = false;
      window.clearInterval(timer);
    };
  }, [minutes, live]);
  return series?.minutes === minutes ? series?.series : undefined;
}
