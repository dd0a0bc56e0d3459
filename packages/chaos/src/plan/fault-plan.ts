import { Chance } from '@ferry/core/testing';
import type { Fault, FaultRule } from '@ferry/upstream-sim';

/** The two requests of the upstream's API, by their paths. */
const PATHS = ['/v1/files', '/v1/images/edits'] as const;

const PAGE = '<html><body><h1>502 Bad Gateway</h1></body></html>';

/**
 * Rules for the next `requests` of either kind at one upstream process: that share of them is struck, each by a fault of its
 * own. Depends on the seed and the number of the process alone.
 */
export function planFaults(seed: number, boot: number, share: number, requests: number): FaultRule[] {
  const chance = new Chance(Math.imul(seed, 0x85ebca6b) ^ (boot + 1));
  return PATHS.flatMap((path) =>
    Array.from({ length: requests }, (_, skip) => skip).flatMap((skip) =>
      chance.happens(share) ? [{ match: { method: 'POST', path }, skip, fault: someFault(chance) }] : [],
    ),
  );
}

function someFault(chance: Chance): Fault {
  const when = chance.pick(['before', 'middle', 'after-body', 'after-headers'] as const);
  const code = chance.pick([
    'PROTOCOL_ERROR',
    'INTERNAL_ERROR',
    'CANCEL',
    'ENHANCE_YOUR_CALM',
    'NO_ERROR',
  ] as const);
  return chance.pick<() => Fault>([
    () => ({ kind: 'rst', code, when }),
    () => ({ kind: 'rst', code, when }),
    () => ({ kind: 'rst', code: 'REFUSED_STREAM', when: 'before' }),
    () => ({ kind: 'rst', code: 'HTTP_1_1_REQUIRED', when: 'before' }),
    () => ({ kind: 'goaway', code: 'NO_ERROR', when: 'after-body' }),
    () => ({ kind: 'goaway', code: 'NO_ERROR', when: 'before', refuse: true }),
    () => ({ kind: 'goaway', code: 'INTERNAL_ERROR', when: chance.pick(['middle', 'after-body']) }),
    () => ({ kind: 'destroy', how: chance.pick(['rst', 'fin']), when }),
    () => ({ kind: 'destroy', how: chance.pick(['rst', 'fin']), when }),
    // An answer that is cut off in its middle, the way a library may take for its end.
    () => ({ kind: 'rst', code: 'NO_ERROR', when: 'after-headers' }),
    () => ({ kind: 'destroy', how: 'fin', when: 'after-headers' }),
    () => busy(chance),
    () => busy(chance),
    () => page(chance),
    () => page(chance),
    () => ({ kind: 'delay', ms: chance.between(20, 400) }),
    () => ({ kind: 'slow-read', bytesPerSecond: chance.between(100_000, 1_000_000) }),
    () => rare(chance),
  ])();
}

function busy(chance: Chance): Fault {
  const status = chance.pick([429, 503]);
  const after = chance.pick<Record<string, string>>([
    {},
    { 'retry-after': '0' },
    { 'retry-after': '1' },
    { 'retry-after': new Date(0).toUTCString() },
    { 'retry-after': 'soon' },
  ]);
  return { kind: 'status', status, headers: after, when: 'after-body' };
}

function page(chance: Chance): Fault {
  const status = chance.pick([500, 502, 504, 408]);
  const when = chance.pick(['early', 'after-body'] as const);
  return { kind: 'status', status, headers: { 'content-type': 'text/html' }, body: PAGE, when };
}

/** What costs a whole time limit, or the use of a key for a while. */
function rare(chance: Chance): Fault {
  return chance.pick<Fault>([
    { kind: 'silence', readBody: true },
    { kind: 'silence', readBody: false },
    { kind: 'stall', afterBytes: 0 },
    { kind: 'status', status: 401, when: 'after-body' },
    { kind: 'status', status: 413, when: 'early', thenReset: true },
    { kind: 'status', status: 200, body: '{"id": "file-', when: 'after-body' },
  ]);
}
