import { expect, it } from 'vitest';
import { ageShare, connectionState, credentialWords, fallbackWords, retiredWords } from './pool-words.ts';
import type { Connection } from './status-api.ts';

const connection = (one: Partial<Connection>): Connection => ({
  id: 'h2-1',
  provider: 'xai',
  protocol: 'h2',
  state: 'live',
  uses: 1,
  streams: 0,
  age_ms: 0,
  ahead: false,
  rtt_ms: null,
  proved_at: null,
  retire_reason: null,
  closed_at: null,
  ...one,
});

it('a connection says what it does, and why it is not used any more', () => {
  expect(connectionState(connection({ streams: 1 }))).toBe('in use');
  expect(connectionState(connection({ ahead: true, uses: 0 }))).toBe('ready, unused');
  expect(connectionState(connection({ retire_reason: 'goaway' }))).toBe('the upstream said goodbye');
  expect(retiredWords('a-new-reason')).toBe('a-new-reason');
});

it('a bar grows with age, fast at first, and never out of its room', () => {
  const shares = [0, 1_000, 10_000, 60_000, 600_000, 6_000_000].map(ageShare);
  expect(shares).toEqual(shares.toSorted((a, b) => a - b));
  expect(shares.at(-1)).toBe(1);
  expect(shares[1]).toBeGreaterThan(0.07);
});

it('a fallback says why, and when HTTP/2 is tried again', () => {
  const view = {
    provider: 'xai',
    origin: 'https://x',
    road: 'http1',
    reason: 'http1-required',
    remaining_ms: 60_000,
  };
  expect(fallbackWords(view)).toBe(
    'spoken to over HTTP/1.1 (it asked for HTTP/1.1), HTTP/2 is tried again in 1\u00a0min\u00a000\u00a0s',
  );
  expect(fallbackWords({ ...view, road: 'probing' })).toMatch(/^HTTP\/2 is being tried again/);
});

it('a key says how long it rests', () => {
  const key = { provider: 'xai', alias: 'xai-1', state: 'limited', rest_ms: 8_000, taken: 3 };
  expect(credentialWords(key)).toBe('cooling down for 8.0\u00a0s');
});
