/** The labels of our metrics. Each has a bounded set of values, whatever callers and upstreams do. */
import { DEFINITIONS } from '../alerts/rule.ts';
import { ERROR_TYPES } from '../telemetry/error-type.ts';
import { STATUS_LABELS } from './status-label.ts';

interface LabelFacts {
  /** What it says, for the documentation. */
  readonly about: string;
  /** All values there are; absent when the configuration decides them. */
  readonly values?: readonly string[];
}

export const LABELS = {
  provider: { about: "the provider's name in the configuration" },
  outcome: { about: 'how it ended', values: ['ok', 'failed', 'aborted'] },
  protocol: {
    about: 'what the connection speaks; none before there was one',
    values: ['h2', 'http/1.1', 'none'],
  },
  reuse: {
    about: 'how the connection came to be there; none before there was one',
    values: ['fresh', 'prewarmed', 'reused', 'none'],
  },
  error_type: { about: 'how the attempt ended, in one word', values: [...ERROR_TYPES] },
  operation: { about: 'what the request was for', values: ['upload', 'edit'] },
  ahead: { about: 'whether it was opened before a request asked for it', values: ['true', 'false'] },
  reason: {
    about: 'why a connection takes no new request, or an origin is spoken to over HTTP/1.1',
    values: [
      'used-up',
      'idle',
      'too-old',
      'goaway',
      'stream-error',
      'refused-twice',
      'early-answer',
      'interrupted',
      'silent',
      'socket',
      'surplus',
      'evicted',
      'transport-closed',
      'http1-required',
      'failure-rate',
      'slow-window',
      'none',
    ],
  },
  road: { about: 'how an origin is spoken to', values: ['h2', 'http1', 'probing'] },
  credential: { about: "the key's alias, `<provider>-<number>`" },
  state: {
    about: 'of a key',
    values: ['ready', 'limited', 'refused', 'probing'],
  },
  queue: {
    about: 'what is waited for: `requests`, `uploads`, `edits`, or a place at a provider, `provider:<name>`',
  },
  alert: { about: "the rule's name", values: DEFINITIONS.map(({ name }) => name) },
  severity: { about: 'how bad it is', values: ['warning', 'critical'] },
  'http.request.method': {
    about: "the request's method",
    values: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', '_OTHER'],
  },
  'http.route': { about: 'the route as registered' },
  'http.response.status_code': {
    about: 'the status of the answer; its class where it means nothing special',
    values: STATUS_LABELS,
  },
  'http.connection.state': { about: 'whether requests are on it', values: ['active', 'idle'] },
  'server.address': { about: "the upstream's host, from the configuration" },
  'server.port': { about: "the upstream's port, from the configuration" },
  'network.protocol.version': { about: 'the version of HTTP', values: ['2', '1.1'] },
  'error.type': { about: 'as `error_type`; absent when nothing failed', values: [...ERROR_TYPES] },
  'cpu.mode': { about: 'where the time went', values: ['user', 'system'] },
} as const satisfies Record<string, LabelFacts>;

export type LabelName = keyof typeof LABELS;
