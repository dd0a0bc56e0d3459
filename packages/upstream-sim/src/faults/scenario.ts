import type { FaultRule } from './fault.ts';

/** Rules that belong together, with a sentence about what they imitate. */
export interface Scenario {
  readonly about: string;
  readonly rules: readonly FaultRule[];
}

const uploads = { method: 'POST', path: '/v1/files' } as const;
const edits = { method: 'POST', path: '/v1/images/edits' } as const;

export type ScenarioName =
  | 'stale-reuse'
  | 'upload-reset-once'
  | 'flaky-uploads'
  | 'refused-once'
  | 'goaway-refused'
  | 'http2-broken'
  | 'rate-limited'
  | 'too-large-early'
  | 'silent-upload'
  | 'stalled-window'
  | 'edit-lost'
  | 'outage';

/** What upstreams do to their clients, by name. Each is plain data: take one as a start for your own. */
export const SCENARIOS: Readonly<Record<ScenarioName, Scenario>> = {
  'stale-reuse': {
    about: 'Every upload that reuses a connection is reset with PROTOCOL_ERROR in its middle: curl (92)',
    rules: [
      {
        match: { ...uploads, reused: true },
        count: 'forever',
        fault: { kind: 'rst', code: 'PROTOCOL_ERROR', when: 'middle' },
      },
    ],
  },
  'upload-reset-once': {
    about: 'The next upload is reset with PROTOCOL_ERROR in its middle',
    rules: [{ match: uploads, fault: { kind: 'rst', code: 'PROTOCOL_ERROR', when: 'middle' } }],
  },
  'flaky-uploads': {
    about: 'Each third upload fails: a reset stream, a broken connection, a 502, in turn',
    rules: [
      {
        match: uploads,
        every: 9,
        skip: 2,
        count: 'forever',
        fault: { kind: 'rst', code: 'INTERNAL_ERROR', when: 'middle' },
      },
      {
        match: uploads,
        every: 9,
        skip: 5,
        count: 'forever',
        fault: { kind: 'destroy', how: 'rst', when: 'middle' },
      },
      {
        match: uploads,
        every: 9,
        skip: 8,
        count: 'forever',
        fault: { kind: 'status', status: 502, when: 'after-body' },
      },
    ],
  },
  'refused-once': {
    about: 'The next upload is refused with REFUSED_STREAM: provably not processed',
    rules: [{ match: uploads, fault: { kind: 'rst', code: 'REFUSED_STREAM', when: 'before' } }],
  },
  'goaway-refused': {
    about: 'The next upload is above the last-stream-id of a graceful GOAWAY',
    rules: [{ match: uploads, fault: { kind: 'goaway', code: 'NO_ERROR', when: 'before', refuse: true } }],
  },
  'http2-broken': {
    about: 'Every HTTP/2 request is told HTTP_1_1_REQUIRED; HTTP/1.1 works',
    rules: [
      {
        match: { protocol: 'h2' },
        count: 'forever',
        fault: { kind: 'rst', code: 'HTTP_1_1_REQUIRED', when: 'before' },
      },
    ],
  },
  'rate-limited': {
    about: 'The next two uploads get 429 with Retry-After: 1',
    rules: [
      {
        match: uploads,
        count: 2,
        fault: { kind: 'status', status: 429, headers: { 'retry-after': '1' }, when: 'after-body' },
      },
    ],
  },
  'too-large-early': {
    about: 'The next upload gets 413 while it still runs',
    rules: [{ match: uploads, fault: { kind: 'status', status: 413, when: 'early' } }],
  },
  'silent-upload': {
    about: 'The next upload is read and never answered',
    rules: [{ match: uploads, fault: { kind: 'silence', readBody: true } }],
  },
  'stalled-window': {
    about: 'The flow-control window of the next upload is never opened again',
    rules: [{ match: uploads, fault: { kind: 'stall', afterBytes: 0 } }],
  },
  'edit-lost': {
    about: 'The next edit is made, and its connection dies before the answer: it must not be sent twice',
    rules: [{ match: edits, fault: { kind: 'destroy', how: 'rst', when: 'after-body' } }],
  },
  outage: {
    about: 'Everything gets 503 until the fault is removed',
    rules: [
      {
        match: { path: '/v1/' },
        count: 'forever',
        fault: { kind: 'status', status: 503, when: 'after-body' },
      },
    ],
  },
};

export const SCENARIO_NAMES: readonly ScenarioName[] = Object.keys(SCENARIOS) as ScenarioName[];

export function isScenarioName(name: string): name is ScenarioName {
  return Object.hasOwn(SCENARIOS, name);
}
