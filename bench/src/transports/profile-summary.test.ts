import { expect, test } from 'vitest';
import { type CpuProfile, selfTimes, selfTimesByOwner, within } from './profile-summary.ts';

function node(id: number, functionName: string, url: string, lineNumber = 0) {
  return { id, callFrame: { functionName, url, lineNumber } };
}

const profile: CpuProfile = {
  startTime: 1_000_000,
  nodes: [
    node(
      1,
      'writeH2',
      'file:///somewhere/node_modules/.pnpm/undici@8/node_modules/undici/lib/client-h2.js',
      9,
    ),
    node(2, '', 'file:///somewhere/packages/core/src/transport/request-body.ts', 24),
    node(3, '(idle)', ''),
    node(4, '(garbage collector)', ''),
    // The same function, called from elsewhere.
    node(
      5,
      'writeH2',
      'file:///somewhere/node_modules/.pnpm/undici@8/node_modules/undici/lib/client-h2.js',
      9,
    ),
    node(6, 'onStreamRead', 'node:internal/stream_base_commons', 160),
    node(7, 'writev', ''),
  ],
  samples: [1, 2, 3, 4, 5, 6, 7],
  timeDeltas: [3_000, 2_000, 90_000, 1_000, 2_000, 1_500, 500],
};

test('time is counted for each function wherever it was called from, and idle time not at all', () => {
  expect(selfTimes(profile)).toEqual([
    { place: 'writeH2  undici/lib/client-h2.js:10', ms: 5, share: 0.5 },
    { place: '(anonymous)  packages/core/src/transport/request-body.ts:25', ms: 2, share: 0.2 },
    { place: 'onStreamRead  node:internal/stream_base_commons:161', ms: 1.5, share: 0.15 },
    { place: '(garbage collector)', ms: 1, share: 0.1 },
    { place: 'writev', ms: 0.5, share: 0.05 },
  ]);
});

test('time is summed by library, Node module and workspace package', () => {
  expect(selfTimesByOwner(selfTimes(profile)).map(({ place, ms }) => [place, ms])).toEqual([
    ['undici', 5],
    ['packages/core', 2],
    ['node:internal/stream_base_commons', 1.5],
    ['(garbage collector)', 1],
    ['(native code)', 0.5],
  ]);
});

test('a part of the time has the samples of that part', () => {
  const part = within(profile, 1_004_000, 1_098_000);
  expect(part.samples).toEqual([2, 3, 4, 5]);
  expect(selfTimes(part).map(({ ms }) => ms)).toEqual([2, 2, 1]);
  expect(within(profile, 0, 2_000_000).samples).toEqual(profile.samples);
});

test('the gateway’s own files have it for an owner', () => {
  const gateway = 'file:///somewhere/bench/apps/server/dist/images/img2img.controller.js';
  const times = selfTimes({
    ...profile,
    nodes: [node(1, 'edit', gateway)],
    samples: [1],
    timeDeltas: [1_000],
  });
  expect(selfTimesByOwner(times).map(({ place }) => place)).toEqual(['apps/server']);
});
