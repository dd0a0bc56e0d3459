/** Attempts, retries and connections in words. */
import type { AttemptView, ConnectionView } from '../api/wire.ts';
import { formatBytes, formatDuration } from '../ui/figures.ts';
import type { CallProgress, RetryMark } from './progress.ts';

/** `h2`, `prewarmed`, `#41`: what the connection chip says. An id such as `h2-41` does not repeat its protocol. */
export function connectionWords(connection: ConnectionView): string[] {
  const number = `#${connection.id.replace(/^(#|.*-(?=\d+$))/, '')}`;
  return [connection.protocol, connection.origin, number].filter((word) => word !== '');
}

const ORIGINS: Readonly<Record<string, string>> = {
  fresh: 'opened for this request, which waited for it',
  prewarmed: 'opened ahead of need, so this request did not wait for a handshake; it is its first',
  reused: 'has carried an earlier request',
};

export function originWords(connection: ConnectionView): string {
  return ORIGINS[connection.origin] ?? connection.origin;
}

const STATUS_WORDS: Readonly<Record<number, string>> = {
  401: 'key refused by the upstream',
  403: 'forbidden by the upstream',
  408: 'the upstream gave up waiting',
  425: 'too early for the upstream',
  429: 'rate limited by the upstream',
  500: 'error inside the upstream',
  502: 'bad gateway at the upstream',
  503: 'upstream unavailable',
  504: 'timeout behind the upstream',
};

/** Why an attempt did not succeed; undefined when it did. */
export function attemptWords(attempt: AttemptView): string | undefined {
  if (attempt.error === null) {
    if (attempt.status === null || attempt.status < 400) return undefined;
    const words = STATUS_WORDS[attempt.status];
    return words === undefined ? `status ${attempt.status}` : `${words} (${attempt.status})`;
  }
  const { kind, phase, h2Code, message } = attempt.error;
  const code = h2Code === null ? '' : ` (${h2Code})`;
  switch (kind) {
    case 'timeout':
      return `timed out ${PHASE_WORDS[phase] ?? ''}`.trim();
    case 'aborted':
      return 'cancelled';
    case 'dns':
      return "the upstream's name could not be resolved";
    case 'connect':
      return 'could not connect to the upstream';
    case 'tls':
      return 'the secure connection could not be set up';
    case 'reset':
      return `stream reset by the upstream${code}`;
    case 'goaway':
      return `the upstream closed the connection for new work${code}`;
    case 'stream-refused':
      return `the upstream refused the stream${code}`;
    case 'http1-required':
      return 'the upstream asked for HTTP/1.1';
    case 'protocol':
      return `the upstream broke the protocol${code}`;
    case 'body-source':
      return 'the image could not be read to its end';
    case 'invalid-request':
      return 'the request could not be sent as it was';
    case 'pool-full':
      return 'too many uploads wait for a connection';
    case 'closed':
      return 'the connection pool is closed';
    default:
      return message || kind;
  }
}

const PHASE_WORDS: Readonly<Record<string, string>> = {
  acquire: 'waiting for a connection',
  connect: 'connecting',
  request: 'while sending',
  headers: 'waiting for the answer',
  body: 'while receiving the answer',
};

/** One sentence about a retry: why, how far it had come, how long the pause, and which way it then took. */
export function retryWords(call: CallProgress, mark: RetryMark): string {
  const before = call.attempts.find((attempt) => attempt.attempt === mark.retry);
  const after = call.attempts.find((attempt) => attempt.attempt === mark.retry + 1);
  const why = (before && attemptWords(before)) || mark.reason || `status ${mark.status ?? 'unknown'}`;
  const sent = before !== undefined && before.error !== null && before.bytesSent > 0;
  const reached = sent ? ` after ${formatBytes(before.bytesSent)}` : '';
  const pause = mark.waitMs > 0 ? `waited ${formatDuration(mark.waitMs)}` : 'no wait';
  return `${capital(why)}${reached}; ${pause}, ${nextWay(before, after)}`;
}

function nextWay(before: AttemptView | undefined, after: AttemptView | undefined): string {
  const [old, now] = [before?.connection, after?.connection];
  if (!now) return 'trying again';
  const id = connectionWords(now).at(-1);
  if (old?.id === now.id) return `same connection ${id}`;
  return now.origin === 'reused' ? `another connection ${id}` : `new connection ${id}`;
}

export const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
