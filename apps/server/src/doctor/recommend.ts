import { SLOW_WINDOW_BYTES_PER_SECOND } from '@ferry/core';
import type { H2Facts, UpstreamFacts } from './finding.ts';

/** Settings that fit an upstream, as keys and values of the configuration. */
export interface Recommendation {
  readonly settings: Readonly<Record<string, string | number | boolean>>;
  /** A sentence each. */
  readonly why: readonly string[];
}

/** A connection that opens quicker than this may as well be opened for each upload. Milliseconds. */
const CHEAP_CONNECT_MS = 5;

/** Which transport and which reuse of connections fit. Undefined when the upstream could not be looked at. */
export function recommend({ connectMs, alpn, h2 }: UpstreamFacts): Recommendation | undefined {
  if (connectMs === undefined || alpn === undefined) return undefined;
  const transport = recommendTransport(alpn, h2);
  const cheap = connectMs < CHEAP_CONNECT_MS;
  const connect = `${connectMs.toFixed(1)} ms`;
  return {
    settings: {
      'upload.transport': transport.value,
      'upload.reuse_session': false,
      'pool.spares': cheap ? 0 : 2,
    },
    why: [
      transport.why,
      cheap
        ? `A new connection takes ${connect}: opening one for each upload costs next to nothing and isolates uploads from each other.`
        : `A new connection takes ${connect}: opened ahead (pool.spares) it costs an upload nothing, and uploads stay isolated ` +
          'from each other. upload.reuse_session = true saves as much and opens fewer connections.',
    ],
  };
}

function recommendTransport(
  alpn: NonNullable<UpstreamFacts['alpn']>,
  h2: H2Facts | undefined,
): { readonly value: 'auto' | 'http1'; readonly why: string } {
  if (alpn !== 'h2' || h2 === undefined) {
    return { value: 'http1', why: 'The upstream does not speak HTTP/2: asking for it only costs time.' };
  }
  const ceiling = uploadCeiling(h2);
  if (ceiling < SLOW_WINDOW_BYTES_PER_SECOND) {
    return {
      value: 'http1',
      why:
        `Over HTTP/2 an upload gets at most ${megabytes(ceiling)} MB/s here, whatever the line can do (window / round trip); ` +
        'over HTTP/1.1 TCP widens its window by itself. "auto" finds this out too, by the first slow upload.',
    };
  }
  return { value: 'auto', why: 'HTTP/2 works, and "auto" falls back to HTTP/1.1 if it ceases to.' };
}

/** The most that flow control lets one upload send, in bytes a second (RFC 9113 section 5.2). */
export function uploadCeiling({ streamWindow, connectionWindow, roundTripMs }: H2Facts): number {
  return (Math.min(streamWindow, connectionWindow) / Math.max(roundTripMs, 0.01)) * 1_000;
}

export const megabytes = (bytes: number): string => {
  const value = bytes / 1_000_000;
  return value >= 100 ? value.toFixed(0) : value.toFixed(1);
};
