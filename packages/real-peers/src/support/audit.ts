/** Compares what the client believes with what a server's log says. */
import type { AttemptRecord } from '@ferry/core';
import type { Traffic, UploadOutcome } from './traffic.ts';
import type { SeenRequest } from './traffic-log.ts';

/** Every list is empty when client and log agree. An entry names an upload, or an attempt as `upload/attempt`. */
export interface Disagreement {
  /** Uploads that were given up. */
  readonly lost: readonly string[];
  /** Attempts that got their answer, but the log does not have them as processed. */
  readonly unheard: readonly string[];
  /** Attempts that are proven not to have been acted upon, yet in the log. */
  readonly denied: readonly string[];
  /** Attempts that the log has more than once: one `send()` is at most one request on the wire. */
  readonly resent: readonly string[];
  /** Attempts that went over another protocol than the log says. */
  readonly mistaken: readonly string[];
  /** Uploads processed again although no attempt before was in doubt. */
  readonly repeated: readonly string[];
  /** Requests in the log that no attempt accounts for. */
  readonly stray: readonly string[];
}

export const AGREED: Disagreement = {
  lost: [],
  unheard: [],
  denied: [],
  resent: [],
  mistaken: [],
  repeated: [],
  stray: [],
};

/** Whether an attempt's own record is proof that the server did nothing. */
export type Proof = (attempt: AttemptRecord) => boolean;

/** As the contract has it: `not-sent` and `refused` are proof. */
export const provenUndone: Proof = ({ error }) =>
  error?.delivery === 'not-sent' || error?.delivery === 'refused';

export function audit(
  traffic: Traffic,
  log: readonly SeenRequest[],
  proven: Proof = provenUndone,
): Disagreement {
  const seen = new Map<string, SeenRequest[]>();
  for (const request of log) seen.set(request.key, [...(seen.get(request.key) ?? []), request]);
  const processed = (key: string) => seen.get(key)?.some((request) => request.processed) === true;
  const known = new Map(
    traffic.outcomes.flatMap((outcome) =>
      outcome.attempts.map((attempt) => [keyOf(outcome, attempt), attempt] as const),
    ),
  );
  const attempts = [...known];
  return {
    lost: traffic.outcomes
      .filter((outcome) => outcome.failure !== undefined)
      .map((outcome) => `${outcome.upload}: ${outcome.failure} [${outcome.attempts.map(told).join('; ')}]`),
    unheard: attempts.filter(([key, attempt]) => arrived(attempt) && !processed(key)).map(([key]) => key),
    denied: attempts
      .filter(([key, attempt]) => proven(attempt) && seen.has(key))
      .map(([key, attempt]) => `${key}: ${told(attempt)}`),
    resent: [...seen].filter(([, requests]) => requests.length > 1).map(([key]) => key),
    mistaken: log
      .filter(({ key, protocol }) => {
        const ours = known.get(key)?.exchange.protocol;
        return ours !== undefined && protocol !== undefined && ours !== protocol;
      })
      .map(({ key }) => key),
    repeated: traffic.outcomes
      .filter((outcome) => {
        const times = outcome.attempts.filter((attempt) => processed(keyOf(outcome, attempt))).length;
        const doubtful = outcome.attempts.filter((attempt) => !arrived(attempt) && !proven(attempt));
        return times > 1 + doubtful.length;
      })
      .map((outcome) => outcome.upload),
    stray: [...seen.keys()].filter((key) => !known.has(key)),
  };
}

/** One line for people: what was disturbed, what it cost. */
export function tell(story: string, traffic: Traffic, connections: number): void {
  const failed = traffic.outcomes.flatMap((outcome) => outcome.attempts.filter((one) => !arrived(one)));
  const reasons = new Map<string, number>();
  for (const attempt of failed) reasons.set(told(attempt), (reasons.get(told(attempt)) ?? 0) + 1);
  const why = [...reasons].map(([reason, count]) => `${count} ${reason}`).join(', ');
  const arrivals = traffic.outcomes.filter((outcome) => outcome.failure === undefined).length;
  process.stderr.write(
    `${story}: ${arrivals} of ${traffic.outcomes.length} arrived, ${traffic.disturbances} disturbances, ` +
      `${connections} connections, ${failed.length} attempts failed${why === '' ? '' : ` (${why})`}\n`,
  );
}

function keyOf(outcome: UploadOutcome, attempt: AttemptRecord): string {
  return `${outcome.upload}/${attempt.attempt}`;
}

function arrived(attempt: AttemptRecord): boolean {
  return attempt.error === undefined && attempt.status !== undefined && attempt.status < 300;
}

function told({ error, status, exchange }: AttemptRecord): string {
  if (error === undefined) return `status ${status}`;
  const { kind, phase, delivery, h2Code } = error;
  const origin = exchange.connectionOrigin ?? 'none';
  return `${kind}${h2Code === undefined ? '' : ` ${h2Code}`} in ${phase} on ${origin}: ${delivery}`;
}
