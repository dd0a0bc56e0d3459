/** The first line of the page: are uploads arriving, and if not, why and since when. Pure. */
import { attemptWords, capital } from '../journey/words.ts';
import { formatCount } from '../ui/figures.ts';
import type { Call, Series } from './status-api.ts';

export interface Verdict {
  readonly tone: 'good' | 'attention' | 'failed' | 'idle';
  readonly words: string;
  /** What else is worth knowing, in a smaller voice. */
  readonly more: string;
}

export interface VerdictFacts {
  /** Uploads, in any order. */
  readonly uploads: readonly Call[];
  readonly totals: Series['totals'];
  /** Whether an alert about failing uploads fires, and since when. */
  readonly firingSince: number | null;
}

/** Failures in a row from which it is the upstream, not one picture. */
const ROW = 2;

export function verdict({ uploads, totals, firingSince }: VerdictFacts): Verdict {
  const ended = uploads
    .filter(({ state }) => state === 'ok' || state === 'failed')
    .sort((a, b) => (b.endedAt ?? 0) - (a.endedAt ?? 0));
  const all = totals.ok + totals.failed;
  const [newest] = ended;
  const share = `${totals.ok} of ${all}`;
  const arrived = ended.findIndex(({ state }) => state === 'ok');
  const run = arrived < 0 ? ended : ended.slice(0, arrived);
  if (newest?.state === 'failed' && all > 0) {
    const oldest = run.at(-1) ?? newest;
    if (run.length < ROW && firingSince === null) {
      return {
        tone: 'attention',
        words: `The last upload failed at ${clock(newest.endedAt)}: ${whyOf([newest])}`,
        more: `${share} arrived in the last hour`,
      };
    }
    return {
      tone: 'failed',
      words: `Uploads fail since ${clock(oldest.endedAt)}: ${whyOf(run)}`,
      more: `${retriesEach(run)}; ${share} arrived in the last hour`,
    };
  }
  if (all === 0) return { tone: 'idle', words: 'No uploads in the last hour', more: '' };
  if (totals.failed === 0) {
    const retried = totals.retries > 0 ? `${formatCount(totals.retries, 'retry', 'retries')} on the way` : '';
    return { tone: 'good', words: `Uploads arrive: ${share} in the last hour`, more: retried };
  }
  const failed = ended.filter(({ state }) => state === 'failed');
  const last = failed[0];
  const why = last === undefined ? '' : `; the last that failed, at ${clock(last.endedAt)}: ${whyOf([last])}`;
  return firingSince === null
    ? {
        tone: 'good',
        words: `Uploads arrive again: ${share} in the last hour`,
        more: `${formatCount(totals.failed, 'failure')}${why}`,
      }
    : {
        tone: 'attention',
        words: `Some uploads fail since ${clock(firingSince)}: ${share} arrived in the last hour`,
        more: why.slice(2),
      };
}

/** The most frequent reason among them. */
function whyOf(failed: readonly Call[]): string {
  const counts = new Map<string, number>();
  for (const call of failed) {
    const why = reasonOf(call);
    counts.set(why, (counts.get(why) ?? 0) + 1);
  }
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0] ?? 'no reason is known';
}

/** Why a call failed, with the upstream's name; its last attempt knows best. */
export function reasonOf({ attempts, error, provider }: Call): string {
  const last = attempts.at(-1);
  const words = (last && attemptWords(last)) ?? error?.message ?? 'no reason is known';
  return words.includes('the upstream') ? words.replace('the upstream', `upstream ${provider}`) : words;
}

function retriesEach(failed: readonly Call[]): string {
  const retries = failed.map(({ attempts }) => Math.max(0, attempts.length - 1));
  const [least, most] = [Math.min(...retries), Math.max(...retries)];
  if (most === 0) return capital('not retried');
  return least === most
    ? `${formatCount(most, 'retry', 'retries')} each`
    : `${least} to ${most} retries each`;
}

/** `21:04` */
export const clock = (at: number | null): string =>
  at === null ? '' : new Date(at).toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' });
