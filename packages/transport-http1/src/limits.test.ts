import { getEventListeners } from 'node:events';
import { FRESH, fromBytes, fromFactory, type Phase, POOLED } from '@ferry/core';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { makeCertificate, type TestCertificate } from './testing/certificate.ts';
import { ManualClock } from './testing/manual-clock.ts';
import { onHead, type Peer } from './testing/peer.ts';
import { failureOf, type Sending, Stage, send, textOf, until } from './testing/stage.ts';

let certificate: TestCertificate;
let clock: ManualClock;
let stage: Stage;
beforeAll(async () => {
  certificate = await makeCertificate();
});
beforeEach(() => {
  clock = new ManualClock();
  stage = new Stage();
});
afterEach(async () => {
  await stage.strike();
  expect(clock.pending).toBe(0);
});

const LARGE = fromBytes(Buffer.alloc(20 * 1024 * 1024, 1));

/** A peer, and an exchange with it that has come to the named phase and stays there. */
async function stuckIn(phase: Phase, { signal = new AbortController().signal, limits = {} }: Sending = {}) {
  const transport = stage.transport({ ...POOLED, maxConnections: 1 }, { clock });
  let reached = false;
  const arrived = (): void => {
    reached = true;
  };
  switch (phase) {
    case 'acquire': {
      const peer = await stage.raw((socket) => onHead(socket, arrived));
      const blocking = failureOf(send(transport, peer.url, { limits: { headersMs: 9e6, totalMs: 9e6 } }));
      await until(() => reached);
      const outcome = failureOf(send(transport, peer.url, { signal, limits, body: 'image' }));
      await until(() => transport.stats().waiting === 1);
      return { outcome, transport, blocking };
    }
    case 'connect': {
      const peer = await stage.raw((socket) => socket.once('data', arrived));
      const url = new URL(`https://${peer.url.host}/`);
      const outcome = failureOf(send(transport, url, { signal, limits, body: 'image' }));
      await until(() => reached);
      return { outcome, transport };
    }
    case 'request': {
      const peer = await stage.raw((socket) =>
        socket.once('data', () => {
          arrived();
          socket.pause();
        }),
      );
      const outcome = failureOf(send(transport, peer.url, { signal, limits, body: LARGE }));
      await until(() => reached);
      return { outcome, transport };
    }
    case 'headers': {
      const peer = await stage.raw((socket) => onHead(socket, arrived));
      const outcome = failureOf(send(transport, peer.url, { signal, limits, body: 'image' }));
      await until(() => reached);
      return { outcome, transport };
    }
    case 'body': {
      const peer = await stage.raw((socket) =>
        onHead(socket, () => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf')),
      );
      const response = await send(transport, peer.url, { signal, limits, body: 'image' });
      const first = await response.body[Symbol.asyncIterator]().next();
      expect(Buffer.from(first.value ?? []).toString()).toBe('half');
      return { outcome: failureOf(textOf(response)), transport };
    }
  }
}

const DELIVERY = {
  acquire: 'not-sent',
  connect: 'not-sent',
  request: 'unknown',
  headers: 'unknown',
  body: 'answered',
} as const;
const PHASES = Object.keys(DELIVERY) as (keyof typeof DELIVERY)[];

describe('each limit ends the phase it watches', () => {
  test.each([
    ['acquire', 'connectMs'],
    ['connect', 'connectMs'],
    ['request', 'idleMs'],
    ['headers', 'headersMs'],
    ['body', 'idleMs'],
  ] as const)('in %s, %s', async (phase, limit) => {
    const { outcome } = await stuckIn(phase);
    clock.advance(20_000);
    const error = await outcome;
    expect(error).toMatchObject({ kind: 'timeout', phase, delivery: DELIVERY[phase] });
    expect(error.message).toContain(limit);
    expect(error.exchange.phaseMs[phase]).toBeGreaterThanOrEqual(20_000);
  });

  test.each(PHASES)('totalMs ends an exchange in %s', async (phase) => {
    const { outcome } = await stuckIn(phase, { limits: { totalMs: 5_000 } });
    clock.advance(5_000);
    const error = await outcome;
    expect(error).toMatchObject({ kind: 'timeout', phase, delivery: DELIVERY[phase] });
    expect(error.message).toContain('totalMs');
  });
});

test('the wait for headers starts with the last request byte', async () => {
  let whole = false;
  const peer = await stage.http((request) => {
    request.resume().once('end', () => {
      whole = true;
    });
  });
  let release = (): void => undefined;
  let asked = 0;
  const body = fromFactory(async function* () {
    while (asked < 4) {
      asked += 1;
      await new Promise<void>((resolve) => {
        release = resolve;
      });
      yield Buffer.from('slice');
    }
  });
  const limits = { headersMs: 1_000, idleMs: 5_000, totalMs: 100_000 };
  const outcome = failureOf(send(stage.transport(FRESH, { clock }), peer.url, { body, limits }));
  for (let slice = 1; slice <= 4; slice++) {
    await until(() => asked === slice);
    // Slow, but never silent for idleMs: neither the upload's length nor headersMs may end it.
    clock.advance(4_000);
    release();
  }
  await until(() => whole);
  clock.advance(1_000);
  const error = await outcome;
  expect(error).toMatchObject({ kind: 'timeout', phase: 'headers', delivery: 'unknown' });
  expect(error.exchange.phaseMs).toMatchObject({ request: 16_000, headers: 1_000 });
});

test('a source that gives nothing is named as the silent one', async () => {
  const peer = await stage.raw(() => undefined);
  const opened = Promise.withResolvers<void>();
  const body = fromFactory(async function* () {
    opened.resolve();
    await new Promise(() => undefined);
    yield new Uint8Array(1);
  });
  const outcome = failureOf(send(stage.transport(FRESH, { clock }), peer.url, { body }));
  await opened.promise;
  clock.advance(20_000);
  const error = await outcome;
  expect(error).toMatchObject({ kind: 'body-source', phase: 'request', delivery: 'not-sent' });
  expect(error.message).toContain('source of the request body');
});

test('a reader that takes its time is not mistaken for a silent upstream', async () => {
  const peer = await stage.http((_request, response) => void response.end('x'.repeat(1_000_000)));
  const response = await send(stage.transport(POOLED, { clock }), peer.url, {
    limits: { idleMs: 1_000, totalMs: 1e9 },
  });
  let bytes = 0;
  for await (const chunk of response.body) {
    bytes += chunk.byteLength;
    clock.advance(10_000);
  }
  expect(bytes).toBe(1_000_000);
});

describe('the caller aborts', () => {
  test('before anything was done', async () => {
    const peer: Peer = await stage.http((_request, response) => void response.end());
    const error = await failureOf(send(stage.transport(), peer.url, { signal: AbortSignal.abort() }));
    expect(error).toMatchObject({ kind: 'aborted', phase: 'acquire', delivery: 'not-sent' });
    expect(peer.accepted).toBe(0);
  });

  test.each(PHASES)('in %s: the exchange ends at once and nothing is left', async (phase) => {
    const controller = new AbortController();
    const { outcome, transport, blocking } = await stuckIn(phase, { signal: controller.signal });
    controller.abort();
    expect(await outcome).toMatchObject({ kind: 'aborted', phase, delivery: DELIVERY[phase] });
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
    // A shared connection that was begun for it may still serve another, as long as it might have been waited for.
    if (phase === 'connect') clock.advance(20_000);
    await until(() => transport.stats().live + transport.stats().connecting === (blocking ? 1 : 0));
    if (!blocking) expect(clock.pending).toBe(0);
  });

  test('over TLS with much of the upload queued', async () => {
    const peer = await stage.raw((socket) => socket.once('data', () => socket.pause()), certificate);
    const controller = new AbortController();
    const outcome = failureOf(
      send(stage.transport(POOLED, { tls: { ca: certificate.cert } }), peer.url, {
        body: LARGE,
        signal: controller.signal,
        onBytesSent: (sent) => {
          if (sent > 2 * 1024 * 1024) controller.abort();
        },
      }),
    );
    expect(await outcome).toMatchObject({ kind: 'aborted', phase: 'request', delivery: 'unknown' });
  });

  test('after the end: nothing happens to the connection', async () => {
    const peer = await stage.http((_request, response) => void response.end('ok'));
    const transport = stage.transport(POOLED);
    const controller = new AbortController();
    await textOf(await send(transport, peer.url, { signal: controller.signal }));
    controller.abort();
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
    expect(await textOf(await send(transport, peer.url))).toBe('ok');
    expect(peer.accepted).toBe(1);
  });
});

test.each([
  ['in the middle', true],
  ['before it was begun', false],
])('a response body left %s cancels the exchange', async (_when, begun) => {
  const peer = await stage.raw((socket) =>
    onHead(socket, () => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf')),
  );
  const transport = stage.transport(POOLED, { clock });
  const response = await send(transport, peer.url);
  const body = response.body[Symbol.asyncIterator]();
  if (begun) await body.next();
  await body.return?.();
  expect(await response.done).toMatchObject({ bytesReceived: begun ? 4 : 0 });
  await peer.empty();
  expect(clock.pending).toBe(0);
});
