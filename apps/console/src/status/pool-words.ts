/** Connections, fallback and keys in words, and how long a bar is. Pure. */
import { formatDuration } from '../ui/figures.ts';
import type { Connection, Transport } from './status-api.ts';

const RETIRED: Readonly<Record<string, string>> = {
  'used-up': 'has carried its upload',
  idle: 'unused for too long',
  'too-old': 'too old',
  goaway: 'the upstream said goodbye',
  'stream-error': 'a stream failed on it',
  'refused-twice': 'refused a second stream',
  'early-answer': 'answered before all was sent',
  interrupted: 'an upload was broken off on it',
  silent: 'did not answer a PING',
  socket: 'the socket closed',
  surplus: 'no longer wanted',
};

export const retiredWords = (reason: string | null): string =>
  reason === null ? 'closed' : (RETIRED[reason] ?? reason);

export function connectionState({ state, streams, retire_reason, ahead, uses }: Connection): string {
  if (state === 'connecting') return 'connecting';
  if (retire_reason !== null) return retiredWords(retire_reason);
  if (streams > 0) return streams === 1 ? 'in use' : `${streams} requests`;
  return ahead === true && uses === 0 ? 'ready, unused' : 'idle';
}

/** A bar is full at this age; it grows fast at first, so that young ones can be told apart. Milliseconds. */
const FULL_MS = 600_000;

/** The share of the room that a connection of this age fills, 0 to 1. */
export const ageShare = (ageMs: number): number =>
  Math.min(1, 0.04 + 0.96 * Math.sqrt(Math.max(0, ageMs) / FULL_MS));

/** Uses that are drawn one by one. */
export const MAX_TICKS = 16;

const REASONS: Readonly<Record<string, string>> = {
  'http1-required': 'it asked for HTTP/1.1',
  'failure-rate': 'too many uploads failed over HTTP/2',
  'slow-window': 'its window makes HTTP/2 slower',
};

export function fallbackWords({ road, reason, remaining_ms }: Transport['fallback'][number]): string {
  const why = reason === null ? '' : ` (${REASONS[reason] ?? reason})`;
  if (road === 'probing') return `HTTP/2 is being tried again${why}`;
  const until = remaining_ms === null ? '' : `, HTTP/2 is tried again in ${formatDuration(remaining_ms)}`;
  return `spoken to over HTTP/1.1${why}${until}`;
}

export function credentialWords({ state, rest_ms }: Transport['credentials'][number]): string {
  const rest = rest_ms > 0 ? ` for ${formatDuration(rest_ms)}` : '';
  switch (state) {
    case 'ready':
      return 'ready';
    case 'limited':
      return `cooling down${rest}`;
    case 'refused':
      return `refused by the upstream, not used${rest}`;
    case 'probing':
      return 'refused before, being tried';
    default:
      return state;
  }
}
