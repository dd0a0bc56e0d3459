import { describe, expect, it } from 'vitest';
import type { AttemptView, ConnectionView } from '../api/wire.ts';
import { type CallProgress, newProgress, type RetryMark } from './progress.ts';
import { attemptWords, connectionWords, retryWords } from './words.ts';

const connection = (id: string, origin: string): ConnectionView => ({
  id,
  protocol: 'h2',
  reused: origin === 'reused',
  origin,
});

const attempt = (n: number, change: Partial<AttemptView>): AttemptView => ({
  attempt: n,
  durationMs: 10,
  status: null,
  error: null,
  connection: null,
  bytesSent: 0,
  phaseMs: {},
  ...change,
});

const error = (kind: string, phase = 'request', h2Code: string | null = null) => ({
  kind,
  phase,
  delivery: 'unknown',
  h2Code,
  message: 'raw text',
});

const mark: RetryMark = {
  retry: 1,
  maxRetries: 3,
  status: 502,
  waitMs: 500,
  reason: 'stream reset by the upstream',
  at: 0,
  order: 1,
};

const call = (...attempts: AttemptView[]): CallProgress => {
  const [image] = newProgress([{ name: 'a', bytes: 1 }]).images;
  if (!image) throw new Error('no image');
  return { ...image.upload, attempts, retries: [mark] };
};

it('a connection is named by its protocol, its origin and its number', () => {
  expect(connectionWords(connection('41', 'prewarmed'))).toEqual(['h2', 'prewarmed', '#41']);
  expect(connectionWords(connection('h2-41', 'reused'))).toEqual(['h2', 'reused', '#41']);
  expect(connectionWords(connection('#7', 'fresh'))).toEqual(['h2', 'fresh', '#7']);
});

describe('an attempt in words', () => {
  it('has none to lose about a good answer', () => {
    expect(attemptWords(attempt(1, { status: 200 }))).toBeUndefined();
  });

  it('says who reset the stream and with which code', () => {
    expect(attemptWords(attempt(1, { error: error('reset', 'request', 'PROTOCOL_ERROR') }))).toBe(
      'stream reset by the upstream (PROTOCOL_ERROR)',
    );
  });

  it('says in which phase the time ran out', () => {
    expect(attemptWords(attempt(1, { error: error('timeout', 'headers') }))).toBe(
      'timed out waiting for the answer',
    );
  });

  it('keeps the number of a status beside its words', () => {
    expect(attemptWords(attempt(1, { status: 429 }))).toBe('rate limited by the upstream (429)');
    expect(attemptWords(attempt(1, { status: 418 }))).toBe('status 418');
  });

  it('falls back to what the gateway said for a kind it does not know', () => {
    expect(attemptWords(attempt(1, { error: error('quic') }))).toBe('raw text');
  });
});

describe('a retry in words', () => {
  const broken = attempt(1, {
    error: error('reset', 'request', 'PROTOCOL_ERROR'),
    bytesSent: 312 * 1024,
    connection: connection('40', 'reused'),
  });

  it('says that it is trying while it is', () => {
    expect(retryWords(call(), mark)).toBe('Stream reset by the upstream; waited 500\u00a0ms, trying again');
  });

  it('says how far it had come and which connection it then took', () => {
    const good = attempt(2, { status: 200, connection: connection('41', 'fresh') });
    expect(retryWords(call(broken, good), mark)).toBe(
      'Stream reset by the upstream (PROTOCOL_ERROR) after 312\u00a0kB; waited 500\u00a0ms, new connection #41',
    );
  });

  it('does not call a shared connection new', () => {
    const other = attempt(2, { status: 200, connection: connection('39', 'reused') });
    expect(retryWords(call(broken, other), mark)).toMatch(/another connection #39$/);
    const same = attempt(2, { status: 200, connection: connection('40', 'reused') });
    expect(retryWords(call(broken, same), mark)).toMatch(/same connection #40$/);
  });
});
