/** What a change of a setting costs, for people who decide, and for a dry run. */
import type { Sharing } from '../transport/transport-spec.ts';

export interface ChangeCost {
  /** The connections that are opened anew, while the old ones drain. Which of them depends on the other settings too. */
  readonly replaces: readonly Sharing[];
  /** In words. */
  readonly about: string;
}

const NEXT_REQUEST = 'Nothing is replaced. Requests that begin from now on go by it.';
const SHARED =
  'Shared connections are opened anew; the old ones carry their requests to the end and are closed then.';
const ISOLATED =
  'Spares are opened anew; isolated connections that carry a request carry it to its end and are closed then.';
const BOTH =
  'All connections are opened anew; the old ones carry their requests to the end and are closed then.';

const COSTS: Readonly<Record<string, ChangeCost>> = {
  'upload.reuse_session': {
    replaces: [],
    about:
      'false: each upload pays for a connection of its own, two round trips and a slow start, less what a spare saves; ' +
      'a connection that fails harms one upload. true: uploads share connections and pay neither; one that fails can harm ' +
      `several, which are retried. ${NEXT_REQUEST}`,
  },
  'upload.transport': {
    replaces: ['isolated', 'shared'],
    about:
      'auto: HTTP/2, and HTTP/1.1 where HTTP/2 fails or is slower. undici: HTTP/2 only; an upstream with a small window is ' +
      `slow far away. http1: one connection for each request at once. ${BOTH}`,
  },
  'upload.concurrency': {
    replaces: ['isolated'],
    about: `${ISOLATED} Places for uploads and edits change at once; with fewer, nobody loses one.`,
  },
  'fallback.http1': {
    replaces: ['isolated', 'shared'],
    about: `${BOTH} Only where upload.transport is "auto".`,
  },
  'pool.spares': { replaces: ['isolated'], about: ISOLATED },
  'pool.max_connections': { replaces: ['shared'], about: SHARED },
  'pool.max_streams': { replaces: ['shared'], about: SHARED },
  'pool.max_idle_ms': { replaces: ['shared'], about: SHARED },
  'pool.max_age_ms': { replaces: ['shared'], about: SHARED },
  'pool.prove_after_idle_ms': { replaces: ['shared'], about: SHARED },
};

const FALLBACK: ChangeCost = {
  replaces: [],
  about:
    'Nothing is replaced. What has been learned of an upstream stays, and a hold that stands keeps its time.',
};

const ALERTS: ChangeCost = {
  replaces: [],
  about:
    "Nothing is replaced. The gateway's own alerts go by it within a second; rules in Prometheus have numbers of their own.",
};

export function costOf(key: string): ChangeCost {
  const own = COSTS[key];
  if (own !== undefined) return own;
  if (key.startsWith('alerts.')) return ALERTS;
  return key.startsWith('fallback.') ? FALLBACK : { replaces: [], about: NEXT_REQUEST };
}
