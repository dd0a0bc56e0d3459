import { createServer } from 'node:net';
import {
  CredentialPool,
  type FailureCode,
  fromBytes,
  fromFactory,
  type LogicalRequest,
  type RetryPolicy,
  type RowName,
} from '@ferry/core';
import type { World } from './world.ts';

/** How many attempts there are, and how the request ends. */
type Expected = readonly [attempts: number, end: 'ok' | FailureCode];

/** A way to make an attempt come to what a row of the table is about. */
export interface Production {
  /** Default both. */
  readonly only?: 'h2';
  readonly what?: string;
  /** Where the policy has to differ from the default for the row to exist. */
  readonly policy?: Partial<RetryPolicy>;
  /** Default: the peer's certificate is trusted. */
  readonly trusting?: false;
  /** Arms the peer; what it returns is the request's difference to an ordinary one. */
  readonly arm:
    | ((world: World) => void)
    | ((world: World) => Partial<LogicalRequest> | Promise<Partial<LogicalRequest>>);
  readonly repeatable: Expected;
  readonly billable: Expected;
}

const same = (expected: Expected): Pick<Production, 'repeatable' | 'billable'> => ({
  repeatable: expected,
  billable: expected,
});
const uploadsOnly = (code: FailureCode): Pick<Production, 'repeatable' | 'billable'> => ({
  repeatable: [2, 'ok'],
  billable: [1, code],
});

const status =
  (code: number, headers: Record<string, string> = {}): Production['arm'] =>
  ({ peer }) =>
    peer.next({ whole: (request) => request.answer({ status: code, headers }) });

const keys = (...aliases: string[]): CredentialPool =>
  new CredentialPool(aliases.map((alias) => ({ alias, secret: `key-${alias}` })));

/** The first `times` attempts are refused. */
const refused =
  (code: number, times: number, ...aliases: string[]): Production['arm'] =>
  ({ peer }) => {
    peer.next({ whole: (request) => request.answer({ status: code }) }, times);
    return { credential: keys(...aliases) };
  };

const SOON = { 'retry-after-ms': '5' };
const CODE = { NO_ERROR: 0, PROTOCOL_ERROR: 1, INTERNAL_ERROR: 2, REFUSED_STREAM: 7, HTTP_1_1_REQUIRED: 13 };

const h2 = (
  strike: (stream: Parameters<NonNullable<Parameters<World['h2']['next']>[0]['whole']>>[0]) => void,
) => ({ only: 'h2', arm: (world: World) => world.h2.next({ whole: strike }) }) as const;

/** Resets a request of which the window lets only a part leave. */
const resetInTheMiddle = (code: number): Parameters<World['h2']['next']>[0] => ({
  headers: (stream) => {
    stream.on.grantWindow = false;
  },
  data: (stream) => {
    if (stream.bytes > 0 && !stream.answered) stream.reset(code);
  },
});

/** For every row of the table at least one way to produce it. */
export const PRODUCTIONS: Readonly<Record<RowName, readonly Production[]>> = {
  'whole-answer': [{ arm: () => undefined, ...same([1, 'ok']) }],
  'not-sent': [
    {
      what: 'nobody listens',
      arm: async () => ({ url: await closedPort() }),
      ...same([4, 'upstream_transport']),
    },
  ],
  drained: [
    {
      ...h2((stream) => {
        stream.on.goaway(0, CODE.NO_ERROR);
        stream.on.socket.end();
      }),
      ...same([2, 'ok']),
    },
  ],
  refused: [
    {
      what: 'GOAWAY with an error',
      ...h2((stream) => {
        stream.on.goaway(0, CODE.INTERNAL_ERROR);
        stream.on.socket.end();
      }),
      ...same([2, 'ok']),
    },
    {
      what: 'REFUSED_STREAM while the body is on its way',
      only: 'h2',
      arm: ({ h2: peer }) => {
        peer.next(resetInTheMiddle(CODE.REFUSED_STREAM));
        return { body: fromBytes(Buffer.alloc(3_000_000, 1)) };
      },
      ...same([2, 'ok']),
    },
    {
      what: 'twice',
      only: 'h2',
      arm: ({ h2: peer }) =>
        peer.next(
          {
            whole: (stream) => {
              stream.on.goaway(0, CODE.INTERNAL_ERROR);
              stream.on.socket.end();
            },
          },
          2,
        ),
      ...same([2, 'upstream_transport']),
    },
  ],
  'refused-whole': [
    {
      ...h2((stream) => stream.reset(CODE.REFUSED_STREAM)),
      ...uploadsOnly('upstream_unknown_outcome'),
    },
  ],
  'http1-required': [
    {
      only: 'h2',
      arm: ({ h2: peer }) => {
        peer.next(resetInTheMiddle(CODE.HTTP_1_1_REQUIRED));
        return { body: fromBytes(Buffer.alloc(3_000_000, 1)) };
      },
      ...same([2, 'ok']),
    },
  ],
  'http1-required-whole': [
    {
      ...h2((stream) => stream.reset(CODE.HTTP_1_1_REQUIRED)),
      ...uploadsOnly('upstream_unknown_outcome'),
    },
  ],
  unknown: [
    {
      what: 'PROTOCOL_ERROR',
      ...h2((stream) => stream.reset(CODE.PROTOCOL_ERROR)),
      ...uploadsOnly('upstream_unknown_outcome'),
    },
    {
      what: 'a reset connection',
      arm: ({ peer }) => peer.next({ whole: (request) => request.rst() }),
      ...uploadsOnly('upstream_unknown_outcome'),
    },
    {
      what: 'silence',
      arm: ({ peer }) => {
        peer.next({});
        return { limits: { headersMs: 200 } };
      },
      ...uploadsOnly('upstream_unknown_outcome'),
    },
  ],
  truncated: [
    {
      arm: ({ peer }) =>
        peer.next({
          whole: (request) => {
            request.answerPart('{"id":', 100);
            setTimeout(() => request.fin(), 20);
          },
        }),
      ...uploadsOnly('upstream_unknown_outcome'),
    },
  ],
  unauthorized: [
    { what: 'another key', arm: refused(401, 1, 'one', 'two'), ...same([2, 'ok']) },
    { what: 'two of three keys', arm: refused(401, 2, 'one', 'two', 'three'), ...same([3, 'ok']) },
    { what: 'no other key', arm: refused(401, 1, 'one'), ...same([1, 'upstream_status']) },
  ],
  forbidden: [
    { what: 'another key', arm: refused(403, 1, 'one', 'two'), ...same([2, 'ok']) },
    {
      what: 'two of three keys',
      arm: refused(403, 2, 'one', 'two', 'three'),
      ...same([2, 'upstream_status']),
    },
    { what: 'no other key', arm: refused(403, 1, 'one'), ...same([1, 'upstream_status']) },
  ],
  'rate-limited-until': [
    { arm: status(429, SOON), ...same([2, 'ok']) },
    { what: 'beyond the budget', arm: status(429, { 'retry-after': '91' }), ...same([1, 'upstream_status']) },
  ],
  'rate-limited': [{ arm: status(429), ...same([2, 'ok']) }],
  'unavailable-until': [
    { arm: status(503, SOON), ...same([2, 'ok']) },
    { what: 'beyond the budget', arm: status(503, { 'retry-after': '91' }), ...same([1, 'upstream_status']) },
  ],
  'unavailable-doubtful': [
    { policy: { trustUnavailable: false }, arm: status(503, SOON), ...uploadsOnly('upstream_status') },
  ],
  'request-timeout': [{ arm: status(408), ...uploadsOnly('upstream_status') }],
  'too-early': [{ arm: status(425), ...uploadsOnly('upstream_status') }],
  'server-error': [500, 502, 503, 504].map((code) => ({
    what: String(code),
    arm: status(code),
    ...uploadsOnly('upstream_status'),
  })),
  'final-status': [302, 400, 404, 409, 413, 422].map((code) => ({
    what: String(code),
    arm: status(code),
    ...same([1, 'upstream_status']),
  })),
  oversized: [{ arm: () => ({ maxResponseBytes: 1 }), ...same([1, 'upstream_bad_answer']) }],
  'untrusted-certificate': [{ trusting: false, arm: () => undefined, ...same([1, 'upstream_transport']) }],
  'invalid-request': [
    { arm: () => ({ headers: { 'x-title': '\u4f60\u597d' } }), ...same([1, 'invalid_request']) },
  ],
  overloaded: [
    {
      what: 'a closed transport',
      arm: async ({ transport }) => {
        await transport.close();
        return {};
      },
      ...same([1, 'overloaded']),
    },
  ],
  'closed-under-way': [
    {
      arm: ({ peer, transport }) => peer.next({ whole: () => void transport.close() }),
      repeatable: [1, 'overloaded'],
      billable: [1, 'upstream_unknown_outcome'],
    },
  ],
  'body-source': [
    {
      arm: () => ({
        body: fromFactory(async function* () {
          yield Buffer.alloc(100);
          throw new Error('the disk is gone');
        }),
      }),
      ...same([1, 'body_source']),
    },
  ],
  aborted: [
    {
      what: 'while it connects',
      arm: async () => {
        const controller = new AbortController();
        return { url: await silentPort(() => controller.abort()), signal: controller.signal };
      },
      ...same([1, 'aborted']),
    },
  ],
  'aborted-under-way': [
    {
      arm: ({ peer }) => {
        const controller = new AbortController();
        peer.next({ whole: () => controller.abort() });
        return { signal: controller.signal };
      },
      ...same([1, 'aborted']),
    },
  ],
};

async function closedPort(): Promise<URL> {
  const { url, close } = await listen(() => undefined);
  await close();
  return url;
}

/** Takes one connection, says nothing, and is gone with it. */
async function silentPort(onConnection: () => void): Promise<URL> {
  const { url, close } = await listen(() => {
    onConnection();
    void close();
  });
  return url;
}

async function listen(onConnection: () => void): Promise<{ url: URL; close: () => Promise<void> }> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    onConnection();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: new URL(`https://127.0.0.1:${port}/v1/files`),
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
