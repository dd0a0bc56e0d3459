import {
  createFallbackTransport,
  FallbackMemory,
  POOLED,
  ResilientClient,
  type TransportError,
  type TransportResponse,
} from '@ferry/core';
import { FakeClock } from '@ferry/core/testing';
import { createHttp1Transport } from '@ferry/transport-http1';
import { createUndiciTransport } from '@ferry/transport-undici';
import { CODE, createLoopbackCertificate, type RawH2Stream, rawH2Peer } from '@ferry/upstream-sim/peers';
import { expect, test } from 'vitest';

const certificate = await createLoopbackCertificate();
const HOLD_MS = 1_000;
/** Longer than a test may take: none of them ends an exchange here. */
const LIMITS = { connectMs: 60_000, headersMs: 60_000, idleMs: 60_000, totalMs: 60_000 };

/** An HTTP/2 peer, and a client that falls back from it after two failures. Its memory has a clock of its own. */
async function world() {
  const peer = await rawH2Peer({ certificate });
  const clock = new FakeClock();
  const memory = new FallbackMemory({ clock, policy: { minRequests: 2, holdMs: HOLD_MS } });
  const options = { policy: POOLED, tls: { ca: certificate.caPem } };
  const transport = createFallbackTransport({
    h2: createUndiciTransport(options),
    http1: createHttp1Transport(options),
    memory,
  });
  const { origin } = peer.url;
  return {
    peer,
    transport,
    memory,
    origin,
    start: (signal: AbortSignal = new AbortController().signal) =>
      transport.send({ method: 'GET', url: peer.url, headers: {} }, { signal, limits: LIMITS }),
    /** The hold is over: the next request probes. */
    halfOpen() {
      if (memory.list().length === 0) memory.learn(origin, 'http1-required', false);
      clock.advance(HOLD_MS);
    },
    async [Symbol.asyncDispose]() {
      await transport.close();
      await peer.close();
    },
  };
}

async function read(response: TransportResponse): Promise<string> {
  let text = '';
  for await (const chunk of response.body) text += Buffer.from(chunk).toString();
  return text;
}

const half = (stream: RawH2Stream): void => stream.answerPart('half', 10);

test('an origin whose answers always break off stays on HTTP/1.1, although their headers come', async () => {
  await using here = await world();
  here.peer.always({
    whole(stream) {
      half(stream);
      stream.reset(2);
    },
  });
  const broken = async (): Promise<TransportError> => read(await here.start()).then(Promise.reject, (e) => e);
  for (let i = 0; i < 2; i += 1) expect(await broken()).toMatchObject({ phase: 'body' });
  expect(here.memory.list()).toMatchObject([{ reason: 'failure-rate', remainingMs: HOLD_MS }]);
  here.halfOpen();
  expect(await broken()).toMatchObject({ phase: 'body' });
  expect(here.memory.list()).toMatchObject([{ reason: 'failure-rate', remainingMs: 2 * HOLD_MS }]);
});

const WAYS: readonly (readonly [string, (response: TransportResponse, stop: AbortController) => unknown])[] =
  [
    ['is aborted by its caller before it is read', (_response, stop) => stop.abort()],
    ['is left before the first byte is asked for', ({ body }) => body[Symbol.asyncIterator]().return?.()],
    [
      'is left in the middle',
      async ({ body }) => {
        for await (const _ of body) break;
      },
    ],
  ];

test.each(WAYS)('a probe that %s leaves it to the next request to probe', async (_way, leave) => {
  await using here = await world();
  here.halfOpen();
  here.peer.next({ whole: half });
  const stop = new AbortController();
  const response = await here.start(stop.signal);
  expect(here.memory.peek(here.origin)).toBe('http1');
  await leave(response, stop);
  await response.done;
  expect(here.memory.peek(here.origin)).toBe('probe');
  expect(await read(await here.start())).toBe('ok');
  expect(here.memory.list()).toEqual([]);
});

test('a probe whose kept connection is drained before it is taken leaves it to the next request to probe', async () => {
  await using here = await world();
  await read(await here.start());
  here.halfOpen();
  here.peer.next({ headers: ({ id, on }) => on.goaway(id - 2, CODE.NO_ERROR) });
  await expect(here.start()).rejects.toMatchObject({ kind: 'goaway', delivery: 'refused' });
  expect(here.memory.peek(here.origin)).toBe('probe');
  expect(await read(await here.start())).toBe('ok');
  expect(here.memory.list()).toEqual([]);
});

test('a probe whose answer nobody reads keeps the next request from nothing', async () => {
  await using here = await world();
  here.halfOpen();
  await (await here.start()).done;
  expect(here.memory.list()).toMatchObject([{ road: 'probing' }]);
  expect(here.memory.peek(here.origin)).toBe('probe');
});

test('a probe that is read when its exchange is long over has worked all the same', async () => {
  await using here = await world();
  here.halfOpen();
  const response = await here.start();
  await response.done;
  expect(await read(response)).toBe('ok');
  expect(here.memory.list()).toEqual([]);
});

test('leaving an answer before its first byte is asked for resets the stream', async () => {
  await using here = await world();
  here.peer.next({ whole: half });
  const response = await here.start();
  await response.body[Symbol.asyncIterator]().return?.();
  await response.done;
  await here.peer.until(() => here.peer.requests[0]?.resetCode !== undefined);
});

test('leaving a flowing answer of the client before its first byte is asked for resets the stream', async () => {
  await using here = await world();
  const { peer, transport } = here;
  peer.next({ whole: (stream) => stream.head({ ':status': '200', 'content-type': 'text/event-stream' }) });
  const client = new ResilientClient({
    transports: { isolated: transport, shared: transport },
    limits: LIMITS,
  });
  const { body } = await client.open({
    method: 'GET',
    url: peer.url,
    headers: {},
    safety: 'repeatable',
    label: 'events',
  });
  await body[Symbol.asyncIterator]().return?.();
  await peer.until(() => peer.requests[0]?.resetCode !== undefined);
});
