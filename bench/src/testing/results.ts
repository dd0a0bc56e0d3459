import type { Measurement } from '../results/measurement.ts';
import type { Results } from '../results/results.ts';

/** A run as it might have been. */
export function someResults(changes: Partial<Results> = {}): Results {
  return {
    format: 1,
    mode: 'quick',
    parts: ['transports', 'promises', 'gateway', 'fire'],
    seconds: 100,
    machine: {
      startedAt: '2026-01-02T03:04:05.678Z',
      commit: 'abc',
      cpu: 'Some CPU',
      cores: 2,
      memoryGigabytes: 8,
      platform: 'Linux 6',
      load: [0.1, 1.5],
      versions: { node: '26.10.0' },
    },
    rows: [],
    measurements: [],
    failures: [],
    ...changes,
  };
}

/** One client at 1 MB and 8 at once. */
export function someMeasurement(variant: string, megabytesPerSecond: readonly number[]): Measurement {
  return {
    part: 'transports',
    setting: { bodyBytes: 1_000_000, atOnce: 8 },
    variant,
    label: variant,
    rounds: megabytesPerSecond.map((speed) => ({ megabytesPerSecond: speed })),
  };
}
