/** The drills there are: what each does to the simulated upstream, and the requests it sends through the gateway meanwhile. */
import type { Config } from '../config/schema.ts';

export const DRILL_KINDS = ['reset', 'busy', 'silent', 'killed', 'http2-refused', 'outage'] as const;
export type DrillKind = (typeof DRILL_KINDS)[number];

/** What a drill can do. Everything ends with its signal; what it has ordered of the simulator is taken back then. */
export interface DrillTools {
  /** Says in words what happens now. */
  say(step: string): void;
  /** Orders faults; the rules are those of `@ferry/upstream-sim`. */
  fault(...rules: readonly object[]): Promise<void>;
  /** Takes back what it has ordered. */
  mend(): Promise<void>;
  /** Keeps the simulator from doing anything for so long: it answers nothing, not even a PING. */
  freeze(ms: number): Promise<void>;
  /** Kills the simulator's process; another one takes its place. */
  kill(): void;
  /** Resolves when there is an upstream that can be asked. */
  upstreamIsBack(): Promise<void>;
  /** Sends so many edits at once through the gateway and waits for all of them. */
  send(count: number): Promise<void>;
  wait(ms: number): Promise<void>;
  /** Whether an alert about failing uploads fires. */
  alerting(): boolean;
}

export interface DrillPlan {
  readonly title: string;
  readonly what: string;
  readonly look: string;
  /** The longest it may take. Milliseconds. */
  maxMs(alerts: Config['alerts']): number;
  run(tools: DrillTools): Promise<void>;
}

const UPLOADS = { method: 'POST', path: '/v1/files' } as const;

export const DRILL_PLANS: Readonly<Record<DrillKind, DrillPlan>> = {
  reset: {
    title: 'Reset in the middle',
    what: 'The upstream resets two of four uploads in the middle of the picture (HTTP/2 PROTOCOL_ERROR), the failure Ferry was built for.',
    look: 'The journeys below: a loop where it broke, a new connection, and all four arrive. The broken connections fade from the pool.',
    maxMs: () => 60_000,
    run: async ({ say, fault, send }) => {
      say('Sending four pictures; the upstream resets two of them.');
      for (let pair = 0; pair < 2; pair += 1) {
        // One for each pair: two could both strike the upload that is quicker, whose second attempt would rightly be its last.
        await fault({ match: UPLOADS, fault: { kind: 'rst', code: 'PROTOCOL_ERROR', when: 'middle' } });
        await send(2);
      }
    },
  },
  busy: {
    title: 'Busy upstream',
    what: 'Every third upload is answered 503 with Retry-After: 1.',
    look: 'The waterfall of a retried upload: the pause is a second, as the upstream asked, and the connection is kept.',
    maxMs: () => 60_000,
    run: async ({ say, fault, send }) => {
      await fault({
        match: UPLOADS,
        every: 3,
        count: 'forever',
        fault: { kind: 'status', status: 503, headers: { 'retry-after': '1' }, when: 'after-body' },
      });
      say('Sending six pictures; every third answer is 503.');
      for (let pair = 0; pair < 3; pair += 1) await send(2);
    },
  },
  silent: {
    title: 'Silent connections',
    what: 'The upstream says nothing for four seconds, not even to a PING, as when a firewall has forgotten the connections.',
    look: 'The journeys stand still for as long, then go on: a silence is no reason to give up, or to send twice. All arrive.',
    maxMs: () => 60_000,
    run: async ({ say, freeze, send, wait }) => {
      say('A picture, so that there are connections.');
      await send(1);
      say('The upstream is silent for four seconds; two pictures wait for it.');
      await freeze(4_000);
      await wait(300);
      await send(2);
    },
  },
  killed: {
    title: 'Upstream killed',
    what: "The upstream's process is killed (kill -9) in the middle of an upload, and started again.",
    look: 'The upload that was under way: where it broke, what found nobody, and the attempt that arrived at the next process. So do the two after it.',
    maxMs: () => 60_000,
    run: async ({ say, fault, kill, upstreamIsBack, send, wait }) => {
      await fault({ match: UPLOADS, fault: { kind: 'slow-read', bytesPerSecond: 64 * 1024 } });
      say('A picture that the upstream reads slowly.');
      const sent = send(1);
      await wait(1_500);
      say('The process is killed.');
      kill();
      await sent;
      await upstreamIsBack();
      say('It is back; two more pictures.');
      await send(2);
    },
  },
  'http2-refused': {
    title: 'HTTP/2 refused',
    what: 'Every HTTP/2 upload is answered HTTP_1_1_REQUIRED, as by a proxy that has had enough of it.',
    look: 'The pool: HTTP/1.1 connections appear, and under Fallback the upstream with its reason. It is tried again by itself; Reset tries at once.',
    maxMs: () => 60_000,
    run: async ({ say, fault, send }) => {
      await fault({
        match: { ...UPLOADS, protocol: 'h2' },
        count: 'forever',
        fault: { kind: 'rst', code: 'HTTP_1_1_REQUIRED', when: 'before' },
      });
      say('Sending four pictures; HTTP/2 is refused.');
      await send(2);
      await send(2);
    },
  },
  outage: {
    title: 'Outage, with an alert',
    what: 'Every upload is answered 503 until the alert fires; then the upstream is well again until it resolves.',
    look: 'The success rate crosses its threshold, the alert is pending, fires, and resolves when enough uploads have arrived again.',
    maxMs: ({ for_s, window_s }) => (for_s + 2 * window_s + 120) * 1_000,
    run: async ({ say, fault, mend, send, wait, alerting }) => {
      await fault({
        match: UPLOADS,
        count: 'forever',
        fault: { kind: 'status', status: 503, when: 'after-body' },
      });
      say('Every upload fails, until the alert fires.');
      while (!alerting()) {
        await send(4);
        await wait(500);
      }
      await mend();
      say('The alert fires. The upstream is well again: pictures arrive until it resolves.');
      while (alerting()) {
        await send(2);
        await wait(500);
      }
    },
  },
};
