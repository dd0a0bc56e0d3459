import { fromBytes } from '@ferry/core';
import { dataFrame, FLAG, FRAME, frame, headerBlock } from '@ferry/upstream-sim/peers';
import type { Expectation } from '../expectation.ts';
import { eventually } from '../stage/eventually.ts';
import type { Upload } from '../stage/stage.ts';
import { TrackedClock } from '../stage/tracked-clock.ts';
import { BOTH, type FaultCase, H1, H2, type Strike } from './fault-case.ts';

const BROKEN: Expectation = {
  outcome: 'fails',
  delivery: ['unknown'],
  kinds: ['protocol', 'reset'],
  connection: 'retire',
};

/** A header block larger than any client takes: Node's limit is 64 KiB. */
const OVERSIZED = 'x'.repeat(15_000);

const crawling = (): Upload => ({ body: fromBytes(Buffer.alloc(3_000, 1)) });

const malformedH2 = (what: string, send: Strike['produce']): Strike => ({
  row: 46,
  title: what,
  protocols: H2,
  produce: send,
  expect: BROKEN,
});

const malformedH1 = (what: string, answer: string): Strike => ({
  row: 46,
  title: what,
  protocols: H1,
  produce: ({ h1 }) => h1.next({ whole: (r) => r.write(answer) }),
  expect: { ...BROKEN, kinds: ['protocol'] },
});

export const FLOW: readonly FaultCase[] = [
  {
    row: 41,
    title: 'the peer sends PINGs before and after headers and data',
    protocols: H2,
    produce: ({ h2 }) =>
      h2.next({
        headers: (r) => r.on.ping(),
        whole(r) {
          r.on.ping();
          r.head({ ':status': '200' });
          r.on.ping();
          r.data('o');
          r.on.ping();
          r.data('k', { end: true });
          r.on.ping();
        },
      }),
    expect: { outcome: 'answered', connection: 'keep' },
    async also(stage, outcome) {
      const on = stage.h2.requests.find((r) => r === stage.struck)?.on;
      stage.check(outcome.type === 'answered' && outcome.text === 'ok', 'the answer should be whole');
      // A connection that carries one request is closed behind its answer, the last PING with it.
      const wanted = stage.profile === 'POOLED' ? 5 : 4;
      stage.check(await eventually(() => (on?.pongs() ?? 0) >= wanted), 'every PING should be answered');
    },
  },
  {
    row: 41,
    title: 'the peer floods the connection with PINGs before it answers',
    protocols: H2,
    produce: ({ h2 }) =>
      h2.next({
        whole(r) {
          for (let i = 0; i < 500; i += 1) r.on.ping();
          r.answer();
        },
      }),
    expect: { outcome: 'answered', connection: 'keep' },
  },
  {
    row: 42,
    title: 'the window is never updated after 64 KiB',
    protocols: H2,
    cold: true,
    produce({ h2 }) {
      h2.everyConnection((c) => {
        c.grantWindow = false;
        c.settings();
      });
      return { body: fromBytes(Buffer.alloc(200_000, 1)), limits: { idleMs: 300 } };
    },
    expect: {
      outcome: 'fails',
      delivery: ['unknown'],
      kinds: ['timeout'],
      phases: ['request'],
      connection: 'retire',
    },
  },
  {
    row: 43,
    title: 'an answer shorter than its content-length that ends as if it were whole',
    protocols: H2,
    produce: ({ h2 }) =>
      h2.next({
        whole(r) {
          r.answerPart('half', 10);
          r.data('', { end: true });
        },
      }),
    expect: {
      outcome: 'fails',
      delivery: ['answered'],
      kinds: ['protocol', 'reset'],
      phases: ['body'],
      connection: 'retire',
    },
  },
  {
    row: 43,
    title: 'an answer shorter than its content-length that ends with FIN',
    protocols: BOTH,
    produce: ({ peer }) =>
      peer.next({
        whole(r) {
          r.answerPart('half', 10);
          r.fin();
        },
      }),
    expect: {
      outcome: 'fails',
      // Headers that came in one packet with the FIN may never have been shown to anybody.
      delivery: ['answered', 'unknown'],
      kinds: ['protocol', 'reset'],
      phases: ['headers', 'body'],
      connection: 'retire',
    },
  },
  {
    row: 43,
    title: 'a chunked answer without its last chunk',
    protocols: H1,
    produce: ({ h1 }) =>
      h1.next({
        whole(r) {
          r.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n');
          r.end();
        },
      }),
    expect: {
      outcome: 'fails',
      delivery: ['answered'],
      kinds: ['protocol', 'reset'],
      phases: ['body'],
      connection: 'retire',
    },
  },
  {
    row: 44,
    title: 'DATA frames with 255 bytes of padding',
    protocols: H2,
    produce: ({ h2 }) =>
      h2.next({
        whole(r) {
          r.head({ ':status': '200', 'content-length': '40' });
          for (let i = 0; i < 40; i += 1) r.data('x', { padding: 255, end: i === 39 });
        },
      }),
    expect: { outcome: 'answered', connection: 'keep' },
    also(stage, outcome) {
      const text = outcome.type === 'answered' ? outcome.text : '';
      stage.check(text === 'x'.repeat(40), 'padding should not be part of the answer');
    },
  },
  {
    row: 45,
    title: 'one byte a segment at 40 KB/s',
    protocols: BOTH,
    proxy: {
      toUpstream: { sliceBytes: 1, bytesPerSecond: 40_000 },
      toClient: { sliceBytes: 1, bytesPerSecond: 40_000 },
    },
    produce: crawling,
    // An ordinary one has fifty thousand segments, which a busy machine does not always get through within the limits.
    others: crawling,
    expect: { outcome: 'answered', connection: 'keep' },
  },
  malformedH2('DATA on stream 0', ({ h2 }) =>
    h2.next({ whole: (r) => r.on.send(dataFrame(0, Buffer.from('no'))) }),
  ),
  malformedH2('a RST_STREAM of three bytes', ({ h2 }) =>
    h2.next({ whole: (r) => r.on.send(frame(FRAME.RST_STREAM, 0, r.id, Buffer.alloc(3))) }),
  ),
  malformedH2('garbage where a frame should be', ({ h2 }) =>
    h2.next({ whole: (r) => r.on.send(Buffer.alloc(64, 0xee)) }),
  ),
  malformedH2('a header block that cannot be decompressed', ({ h2 }) =>
    h2.next({
      whole: (r) => r.on.send(frame(FRAME.HEADERS, FLAG.END_HEADERS, r.id, Buffer.alloc(20, 0xff))),
    }),
  ),
  malformedH2('a push that nobody asked for', ({ h2 }) =>
    h2.next({
      whole: (r) =>
        r.on.send(
          frame(
            FRAME.PUSH_PROMISE,
            FLAG.END_HEADERS,
            r.id,
            Buffer.concat([Buffer.from([0, 0, 0, 7]), headerBlock({ ':method': 'GET' })]),
          ),
        ),
    }),
  ),
  malformedH2('an oversized header block', ({ h2 }) =>
    h2.next({
      whole(r) {
        const block = headerBlock({ ':status': '200', 'x-a': OVERSIZED });
        r.on.send(frame(FRAME.HEADERS, 0, r.id, block));
        for (let i = 0; i < 12; i += 1) {
          const flags = i === 11 ? FLAG.END_HEADERS : 0;
          r.on.send(frame(FRAME.CONTINUATION, flags, r.id, headerBlock({ [`x-${i}`]: OVERSIZED })));
        }
      },
    }),
  ),
  malformedH1('garbage for an answer', 'NONSENSE 200 what\r\n\r\n'),
  malformedH1('a header line without a name', 'HTTP/1.1 200 OK\r\n: nothing\r\n\r\n'),
  malformedH1('an oversized header block', `HTTP/1.1 200 OK\r\nx: ${'x'.repeat(100_000)}\r\n\r\n`),
  {
    row: 47,
    title: 'bytes that are no TLS record',
    protocols: BOTH,
    proxy: {},
    // Every connection gets the bytes, and one that stood by would take the next upload down with it.
    cold: true,
    policy: { spares: 0 },
    produce: (stage) =>
      stage.peer.next({ whole: () => stage.proxy.inject(Buffer.from('this is no TLS record')) }),
    expect: { ...BROKEN, kinds: ['tls', 'protocol', 'reset'] },
  },
  {
    row: 48,
    title: 'the machine was suspended for an hour',
    protocols: BOTH,
    profiles: ['PREWARMED', 'POOLED'],
    async story(stage) {
      const before = stage.peer.accepted();
      if (stage.clock instanceof TrackedClock) stage.clock.jump(3_600_000);
      const outcome = await stage.send();
      stage.check(outcome.type === 'answered', 'the next upload should arrive');
      stage.check(stage.peer.accepted() > before, 'it should not take a connection of an hour ago');
      const last = stage.peer.requests.at(-1);
      stage.check(
        (last?.connection ?? 0) >= before,
        'it should arrive on a connection opened after the jump',
      );
    },
  },
];
