import { describe, expect, test } from 'vitest';
import type { UpstreamFacts } from './finding.ts';
import { recommend, uploadCeiling } from './recommend.ts';

const H2 = { streamWindow: 1_048_576, connectionWindow: 16_777_216, maxStreams: 128, roundTripMs: 100 };

const settingsFor = (facts: UpstreamFacts) => recommend(facts)?.settings;

describe('what is recommended', () => {
  test('far away, with a wide window: HTTP/2, isolated, opened ahead', () => {
    expect(settingsFor({ connectMs: 210, alpn: 'h2', h2: H2 })).toEqual({
      'upload.transport': 'auto',
      'upload.reuse_session': false,
      'pool.spares': 2,
    });
  });

  test('far away, with the window that HTTP/2 starts with: HTTP/1.1, since 64 KiB a round trip is 0.7 MB/s', () => {
    const h2 = { ...H2, streamWindow: 65_535 };
    expect(uploadCeiling(h2)).toBeCloseTo(655_350);
    const advice = recommend({ connectMs: 210, alpn: 'h2', h2 });
    expect(advice?.settings['upload.transport']).toBe('http1');
    expect(advice?.why[0]).toContain('at most 0.7 MB/s');
  });

  test('the narrower of the two windows counts', () => {
    const h2 = { ...H2, connectionWindow: 65_535 };
    expect(settingsFor({ connectMs: 210, alpn: 'h2', h2 })?.['upload.transport']).toBe('http1');
  });

  test('next door even a narrow window is wide', () => {
    const h2 = { ...H2, streamWindow: 65_535, roundTripMs: 0.2 };
    expect(settingsFor({ connectMs: 1.5, alpn: 'h2', h2 })).toEqual({
      'upload.transport': 'auto',
      'upload.reuse_session': false,
      'pool.spares': 0,
    });
  });

  test.each(['http/1.1', 'none'] as const)('without HTTP/2 (ALPN %s): HTTP/1.1 at once', (alpn) => {
    expect(settingsFor({ connectMs: 50, alpn })?.['upload.transport']).toBe('http1');
  });

  test('nothing for what could not be looked at', () => {
    expect(recommend({})).toBeUndefined();
    expect(recommend({ connectMs: 3 })).toBeUndefined();
  });
});
