import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { FRESH, fromFactory, POOLED, PREWARMED } from '@ferry/core';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { makeCertificate, type TestCertificate } from './testing/certificate.ts';
import { ManualClock } from './testing/manual-clock.ts';
import { hangUp, onHead, type Peer } from './testing/peer.ts';
import { failureOf, Stage, send, textOf, until } from './testing/stage.ts';

let certificate: TestCertificate;
let stage: Stage;
beforeAll(async () => {
  certificate = await makeCertificate();
});
beforeEach(() => {
  stage = new Stage();
});
afterEach(() => stage.strike());

const answering = (socket: Socket): void =>
  onHead(socket, () => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'));

/** One whole exchange; its final facts. */
async function exchange(...args: Parameters<typeof send>) {
  const response = await send(...args);
  await textOf(response);
  return response.done;
}

const retiredFor = () => stage.events.flatMap((event) => (event.type === 'retired' ? [event.reason] : []));

describe('FRESH', () => {
  test('every upload has its own connection, which closes after it', async () => {
    const connectionHeaders: (string | undefined)[] = [];
    const peer = await stage.http((request, response) => {
      connectionHeaders.push(request.headers.connection);
      response.end('ok');
    });
    const transport = stage.transport(FRESH);
    const first = await exchange(transport, peer.url, { body: 'a' });
    const second = await exchange(transport, peer.url, { body: 'b' });
    expect(first.connectionId).not.toBe(second.connectionId);
    expect([first.connectionOrigin, second.connectionOrigin]).toEqual(['fresh', 'fresh']);
    expect(connectionHeaders).toEqual(['close', 'close']);
    await peer.empty();
  });

  test('the connection closes also when the peer would have kept it', async () => {
    const peer = await stage.raw(answering);
    await exchange(stage.transport(FRESH), peer.url, { body: 'a' });
    await peer.empty();
    expect(retiredFor()).toEqual(['used-up']);
  });
});

describe('POOLED', () => {
  test.each(['http', 'https'] as const)(
    'over %s uploads one after the other share a connection',
    async (scheme) => {
      const peer = await stage.http(
        (_request, response) => void response.end('ok'),
        scheme === 'https' ? certificate : undefined,
      );
      const transport = stage.transport(POOLED, { tls: { ca: certificate.cert } });
      const exchanges = [];
      for (let at = 0; at < 5; at++) exchanges.push(await exchange(transport, peer.url, { body: 'image' }));
      expect(new Set(exchanges.map(({ connectionId }) => connectionId)).size).toBe(1);
      expect(exchanges.map(({ connectionOrigin }) => connectionOrigin)).toEqual([
        'fresh',
        'reused',
        'reused',
        'reused',
        'reused',
      ]);
      expect(exchanges.map(({ connectionReused }) => connectionReused)).toEqual([
        false,
        true,
        true,
        true,
        true,
      ]);
      expect(peer.accepted).toBe(1);
      expect(transport.stats()).toMatchObject({ live: 1, spare: 0, streams: 0 });
    },
  );

  test('people can look at every connection', async () => {
    const held: (() => void)[] = [];
    const peer = await stage.http((_request, response) => void held.push(() => response.end('ok')));
    const transport = stage.transport(POOLED);
    const running = exchange(transport, peer.url);
    await until(() => held.length === 1);
    const [view] = transport.connections();
    expect(view).toMatchObject({ origin: peer.url.origin, state: 'live', uses: 1, streams: 1 });
    held[0]?.();
    const { connectionId } = await running;
    expect(view?.id).toBe(connectionId);
    expect(transport.connections()).toMatchObject([{ id: connectionId, uses: 1, streams: 0 }]);
    await transport.close();
    expect(transport.connections()).toEqual([]);
    expect(stage.events.at(-1)).toMatchObject({ type: 'closed', connectionId, uses: 1 });
  });

  test('the connection used last is used next', async () => {
    const held = new Map<string | undefined, () => void>();
    const peer = await stage.http((request, response) => {
      if (request.url === '/') response.end();
      else held.set(request.url, () => response.end());
    });
    const transport = stage.transport(POOLED);
    const [a, b] = ['/a', '/b'].map((path) => exchange(transport, peer.url, { path }));
    await until(() => held.size === 2);
    held.get('/b')?.();
    await b;
    held.get('/a')?.();
    const last = await a;
    for (let at = 0; at < 3; at++) {
      expect(await exchange(transport, peer.url)).toMatchObject({ connectionId: last?.connectionId });
    }
    expect(peer.accepted).toBe(2);
  });

  test('a connection carries maxUses requests and no more', async () => {
    const peer = await stage.http((_request, response) => void response.end('ok'));
    const transport = stage.transport({ ...POOLED, maxUses: 2 });
    for (let at = 0; at < 5; at++) await exchange(transport, peer.url);
    expect(peer.accepted).toBe(3);
  });

  test('an idle connection is closed after maxIdleMs', async () => {
    const clock = new ManualClock();
    const peer = await stage.http((_request, response) => void response.end('ok'));
    const transport = stage.transport({ ...POOLED, maxIdleMs: 30_000 }, { clock });
    await exchange(transport, peer.url);
    clock.advance(29_999);
    expect(transport.stats().live).toBe(1);
    clock.advance(1);
    await peer.empty();
    expect(retiredFor()).toEqual(['idle']);
    expect(clock.pending).toBe(0);
  });

  test('a connection older than maxAgeMs is replaced, although it was never idle for long', async () => {
    const clock = new ManualClock();
    const peer = await stage.http((_request, response) => void response.end('ok'));
    const transport = stage.transport({ ...POOLED, maxIdleMs: 30_000, maxAgeMs: 50_000 }, { clock });
    for (let at = 0; at < 6; at++) {
      await exchange(transport, peer.url);
      clock.advance(10_000);
    }
    expect(retiredFor()).toEqual(['too-old']);
    expect(peer.accepted).toBe(2);
  });

  test('after a night of suspension the old connection is not trusted', async () => {
    const clock = new ManualClock();
    const peer = await stage.http((_request, response) => void response.end('ok'));
    const transport = stage.transport({ ...POOLED, maxIdleMs: Number.POSITIVE_INFINITY }, { clock });
    await exchange(transport, peer.url);
    clock.suspend(3_600_000);
    expect(await exchange(transport, peer.url)).toMatchObject({ connectionOrigin: 'fresh' });
    expect(retiredFor()).toEqual(['too-old']);
  });

  test("the peer's keep-alive hint shortens the idle time, with a margin", async () => {
    const clock = new ManualClock();
    const peer = await stage.raw((socket) =>
      onHead(socket, () =>
        socket.write('HTTP/1.1 200 OK\r\nkeep-alive: timeout=5\r\ncontent-length: 0\r\n\r\n'),
      ),
    );
    const transport = stage.transport(POOLED, { clock });
    await exchange(transport, peer.url);
    clock.advance(3_999);
    expect(transport.stats().live).toBe(1);
    clock.advance(1);
    await peer.empty();
  });

  test.each(['timeout=1', 'timeout=60, max=0'])('a connection with the hint %s is not kept', async (hint) => {
    const peer = await stage.raw((socket) =>
      onHead(socket, () =>
        socket.write(`HTTP/1.1 200 OK\r\nkeep-alive: ${hint}\r\ncontent-length: 0\r\n\r\n`),
      ),
    );
    await exchange(stage.transport(POOLED), peer.url);
    await peer.empty();
  });

  test.each(['FIN', 'RST'] as const)(
    'a load balancer drops the idle connection (%s) and the next upload does not notice',
    async (how) => {
      const peer = await stage.raw(answering);
      const transport = stage.transport(POOLED);
      await exchange(transport, peer.url, { body: 'a' });
      hangUp(peer, how);
      await until(() => transport.stats().live === 0);
      expect(await exchange(transport, peer.url, { body: 'b' })).toMatchObject({ connectionOrigin: 'fresh' });
      expect(retiredFor()[0]).toBe('socket');
    },
  );

  test('bytes that nobody asked for retire the connection', async () => {
    const peer = await stage.raw(answering);
    const transport = stage.transport(POOLED);
    await exchange(transport, peer.url);
    for (const socket of peer.sockets)
      socket.write('HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\n\r\n');
    await until(() => transport.stats().live === 0);
    const response = await send(transport, peer.url);
    expect([response.status, await textOf(response)]).toEqual([200, 'ok']);
    expect(peer.accepted).toBe(2);
  });

  test('a reused connection that dies before the first request byte sent nothing', async () => {
    const peer = await stage.raw(answering);
    const transport = stage.transport(POOLED);
    await exchange(transport, peer.url);
    const opened = Promise.withResolvers<void>();
    const body = fromFactory(async function* () {
      opened.resolve();
      await new Promise(() => undefined);
      yield new Uint8Array(1);
    });
    const outcome = failureOf(send(transport, peer.url, { body }));
    await opened.promise;
    hangUp(peer, 'FIN');
    const error = await outcome;
    expect(error).toMatchObject({ kind: 'reset', phase: 'request', delivery: 'not-sent' });
    expect(error.exchange).toMatchObject({
      connectionReused: true,
      connectionOrigin: 'reused',
      bytesSent: 0,
      bodyOpened: true,
    });
  });

  test('an attempt does not use a connection it was told to avoid', async () => {
    const peer = await stage.http((_request, response) => void response.end('ok'));
    const transport = stage.transport({ ...POOLED, maxConnections: 2 });
    const first = await exchange(transport, peer.url);
    const avoidConnections = new Set([first.connectionId ?? '']);
    const second = await exchange(transport, peer.url, { avoidConnections });
    expect(second).toMatchObject({ connectionOrigin: 'fresh' });
    avoidConnections.add(second.connectionId ?? '');
    expect(await exchange(transport, peer.url, { avoidConnections })).toMatchObject({
      connectionOrigin: 'fresh',
    });
    expect(retiredFor()).toEqual(['evicted']);
  });
});

describe('places', () => {
  test('two hundred uploads at once against two connections and fifty places to wait', async () => {
    const peer = await stage.http((_request, response) => void response.end('ok'));
    const transport = stage.transport({ ...POOLED, maxConnections: 2, maxWaiting: 50 });
    const outcomes = await Promise.allSettled(
      Array.from({ length: 200 }, () => exchange(transport, peer.url, { body: 'image' })),
    );
    const refused = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
    expect(refused).toHaveLength(148);
    for (const error of refused) {
      expect(error).toMatchObject({ kind: 'pool-full', phase: 'acquire', delivery: 'not-sent' });
    }
    expect(peer.accepted).toBe(2);
  });

  test('FRESH waits for a place too, and gets a connection of its own', async () => {
    const peer = await stage.http((_request, response) => void response.end('ok'));
    const transport = stage.transport({ ...FRESH, maxConnections: 2 });
    await Promise.all(Array.from({ length: 20 }, () => exchange(transport, peer.url, { body: 'image' })));
    expect(peer.accepted).toBe(20);
  });

  test('a request that cannot connect frees its place for the next', async () => {
    const peer = await stage.raw((socket) => socket.destroy());
    const transport = stage.transport({ ...FRESH, maxConnections: 1 });
    const url = new URL(`https://${peer.url.host}/`);
    const errors = await Promise.all([1, 2, 3].map(() => failureOf(send(transport, url))));
    expect(errors.map(({ kind }) => kind)).toEqual(['tls', 'tls', 'tls']);
  });
});

describe('PREWARMED', () => {
  test('after the first upload the next finds a connection opened ahead, used once', async () => {
    const peer = await stage.http((_request, response) => void response.end('ok'), certificate);
    const transport = stage.transport(PREWARMED, { tls: { ca: certificate.cert } });
    expect(await exchange(transport, peer.url)).toMatchObject({ connectionOrigin: 'fresh' });
    const ids = new Set<string | undefined>();
    for (let at = 0; at < 3; at++) {
      await until(() => transport.stats().spare > 0);
      const facts = await exchange(transport, peer.url, { body: 'image' });
      expect(facts).toMatchObject({ connectionOrigin: 'prewarmed', connectionReused: false });
      ids.add(facts.connectionId);
    }
    expect(ids.size).toBe(3);
  });

  test('the number of spares follows recent concurrency up to the cap', async () => {
    const clock = new ManualClock();
    const held: (() => void)[] = [];
    const peer = await stage.http((_request, response) => void held.push(() => response.end('ok')));
    const transport = stage.transport({ ...PREWARMED, spares: 3 }, { clock });
    const one = exchange(transport, peer.url);
    await until(() => held.length === 1 && transport.stats().spare === 1);
    const more = Array.from({ length: 5 }, () => exchange(transport, peer.url));
    await until(() => held.length === 6 && transport.stats().spare === 3);
    for (const release of held) release();
    await Promise.all([one, ...more]);
    expect(transport.stats()).toMatchObject({ live: 3, spare: 3, streams: 0 });
    clock.advance(PREWARMED.spareMaxIdleMs);
    await peer.empty();
    expect(transport.stats()).toMatchObject({ live: 0, connecting: 0 });
  });

  test('spares that the peer has dropped are not used', async () => {
    const peer = await stage.raw(answering);
    const transport = stage.transport(PREWARMED);
    await exchange(transport, peer.url);
    await until(() => transport.stats().spare === 1);
    hangUp(peer, 'FIN');
    await until(() => transport.stats().spare === 0);
    expect(await exchange(transport, peer.url)).toMatchObject({ connectionOrigin: 'fresh' });
  });

  test('a spare on which the peer has already spoken is not used', async () => {
    let connections = 0;
    let spoken = false;
    const peer = await stage.raw((socket) => {
      connections += 1;
      if (connections === 2) {
        socket.write('HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\n\r\n', () => {
          spoken = true;
        });
      }
      answering(socket);
    });
    const transport = stage.transport(PREWARMED);
    await exchange(transport, peer.url);
    await until(() => transport.stats().spare === 1 && spoken);
    const response = await send(transport, peer.url);
    expect([response.status, await textOf(response)]).toEqual([200, 'ok']);
    expect(await response.done).toMatchObject({ connectionOrigin: 'fresh' });
  });

  test('spares count among maxConnections', async () => {
    const peer = await stage.http((_request, response) => void response.end('ok'));
    const transport = stage.transport({ ...PREWARMED, spares: 5, maxConnections: 2 });
    await Promise.all(Array.from({ length: 8 }, () => exchange(transport, peer.url)));
    expect(transport.stats().live + transport.stats().connecting).toBeLessThanOrEqual(2);
  });
});

describe('TLS', () => {
  test('only http/1.1 is offered, and the second connection resumes the session', async () => {
    const seen: { resumed: boolean; alpn: string | false | null }[] = [];
    const peer = await stage.http((request, response) => {
      const socket = request.socket as TLSSocket;
      seen.push({ resumed: socket.isSessionReused(), alpn: socket.alpnProtocol });
      response.end('ok');
    }, certificate);
    const transport = stage.transport(FRESH, { tls: { ca: certificate.cert } });
    await exchange(transport, peer.url);
    await exchange(transport, peer.url);
    expect(seen).toEqual([
      { resumed: false, alpn: 'http/1.1' },
      { resumed: true, alpn: 'http/1.1' },
    ]);
  });

  test('a certificate authority that cannot be read is told when the transport is made', () => {
    expect(() => stage.transport(FRESH, { tls: { cert: 'not a certificate' } })).toThrow(/PEM/);
  });
});

test('idle connections and spares do not keep the process running', async () => {
  const peer: Peer = await stage.http((_request, response) => void response.end('ok'));
  const program = `
    import { POOLED } from '@ferry/core';
    import { createHttp1Transport } from './index.ts';
    const transport = createHttp1Transport({ policy: { ...POOLED, spares: 2 } });
    const limits = { connectMs: 20000, headersMs: 20000, idleMs: 20000, totalMs: 20000 };
    const attempt = { signal: new AbortController().signal, limits };
    const response = await transport.send({ method: 'GET', url: new URL('${peer.url}'), headers: {} }, attempt);
    for await (const _ of response.body);
    while (transport.stats().spare === 0) await new Promise(setImmediate);
  `;
  const child = spawn(
    process.execPath,
    ['--conditions=@ferry/source', '--input-type=module-typescript', '--eval', program],
    { cwd: import.meta.dirname, stdio: 'inherit' },
  );
  const [code] = await once(child, 'exit');
  expect(code).toBe(0);
});
