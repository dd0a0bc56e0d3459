import dns from 'node:dns';
import { once } from 'node:events';
import net, { type LookupFunction, type Socket } from 'node:net';
import { FRESH, fromBytes, fromFactory, POOLED } from '@ferry/core';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { makeCertificate, type TestCertificate } from './testing/certificate.ts';
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

const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';
/** More than the socket buffers of both sides hold, so that the upload is still running when the peer acts. */
const LARGE = fromBytes(Buffer.alloc(20 * 1024 * 1024, 1));

describe('before a connection is ready nothing was sent', () => {
  test('a name that does not exist is a DNS failure', async () => {
    const url = new URL('http://ferry.invalid/');
    const error = await failureOf(send(stage.transport(), url, { body: 'image' }));
    expect(error).toMatchObject({ kind: 'dns', phase: 'connect', delivery: 'not-sent' });
    expect(error.exchange).toMatchObject({ bodyOpened: false, bytesSent: 0, connectionReused: false });
  });

  test('names can be resolved by a function of the caller', async () => {
    const lookup: LookupFunction = (_host, options, callback) => dns.lookup('localhost', options, callback);
    const peer = await stage.http((request, response) => void response.end(request.headers.host));
    const url = new URL(`http://ferry.invalid:${peer.url.port}/`);
    expect(await textOf(await send(stage.transport(FRESH, { lookup }), url))).toBe(url.host);
  });

  test('a refused connection is told as refused', async () => {
    const server = net.createServer().listen(0, 'localhost');
    await once(server, 'listening');
    const { port } = server.address() as net.AddressInfo;
    server.close();
    await once(server, 'close');
    const error = await failureOf(send(stage.transport(), new URL(`http://localhost:${port}/`)));
    expect(error).toMatchObject({ kind: 'connect', phase: 'connect', delivery: 'not-sent' });
  });

  test.each(['end', 'resetAndDestroy'] as const)(
    'a peer that hangs up in the TLS handshake (%s) is a TLS failure',
    async (how) => {
      const peer = await stage.raw((socket) => socket.once('data', () => socket[how]()));
      const url = new URL(`https://${peer.url.host}/`);
      const error = await failureOf(send(stage.transport(), url, { body: 'image' }));
      expect(error).toMatchObject({ kind: 'tls', phase: 'connect', delivery: 'not-sent' });
    },
  );

  test('an untrusted certificate is a TLS failure', async () => {
    const peer = await stage.http((_request, response) => void response.end(), certificate);
    const error = await failureOf(send(stage.transport(), peer.url, { body: 'image' }));
    expect(error).toMatchObject({ kind: 'tls', phase: 'connect', delivery: 'not-sent' });
  });

  test('a certificate for another name is a TLS failure, also when a session could be resumed', async () => {
    const other = await makeCertificate('elsewhere.example');
    const peer = await stage.http((_request, response) => void response.end(), other);
    const transport = stage.transport(FRESH, { tls: { ca: other.cert } });
    for (let round = 0; round < 2; round++) {
      const error = await failureOf(send(transport, peer.url, { body: 'image' }));
      expect(error).toMatchObject({ kind: 'tls', phase: 'connect', delivery: 'not-sent' });
    }
  });

  test('a peer that speaks plain HTTP on the TLS port is a TLS failure', async () => {
    const peer = await stage.raw((socket) => void socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    const url = new URL(`https://${peer.url.host}/`);
    const error = await failureOf(send(stage.transport(), url));
    expect(error).toMatchObject({ kind: 'tls', phase: 'connect', delivery: 'not-sent' });
  });
});

describe.each(['http', 'https'] as const)(
  'over %s, a connection that ends after the request began leaves the outcome unknown',
  (scheme) => {
    const raw = (serve: (socket: Socket) => void) =>
      stage.raw(serve, scheme === 'https' ? certificate : undefined);
    const transport = () => stage.transport(POOLED, { tls: { ca: certificate.cert } });

    test.each(['FIN', 'RST'] as const)('in the middle of the upload (%s)', async (how) => {
      const peer: Peer = await raw((socket) => socket.once('data', () => hangUp(peer, how)));
      const error = await failureOf(send(transport(), peer.url, { body: LARGE }));
      expect(error).toMatchObject({ kind: 'reset', phase: 'request', delivery: 'unknown' });
      expect(error.exchange.bodyOpened).toBe(true);
      expect(error.exchange.bytesSent).toBeGreaterThan(0);
      expect(error.exchange.bytesSent).toBeLessThan(LARGE.byteLength ?? 0);
    });

    test.each(['FIN', 'RST'] as const)('after the upload, without an answer (%s)', async (how) => {
      const peer: Peer = await raw((socket) => onHead(socket, () => setImmediate(() => hangUp(peer, how))));
      const error = await failureOf(send(transport(), peer.url, { body: 'image' }));
      expect(error).toMatchObject({ kind: 'reset', phase: 'headers', delivery: 'unknown' });
      expect(peer.accepted).toBe(1);
    });

    test.each([
      ['garbage', 'NONSENSE 200 what\r\n\r\n'],
      ['a header line without a name', 'HTTP/1.1 200 OK\r\n: nothing\r\n\r\n'],
      ['an oversized header block', `HTTP/1.1 200 OK\r\nx: ${'x'.repeat(100_000)}\r\n\r\n`],
    ])(
      '%s for an answer is a protocol failure, and the next request at once succeeds',
      async (_name, bytes) => {
        let first = true;
        const peer = await raw((socket) =>
          onHead(socket, () => {
            socket.write(first ? bytes : OK);
            first = false;
          }),
        );
        const shared = transport();
        const error = await failureOf(send(shared, peer.url, { body: 'image' }));
        expect(error).toMatchObject({ kind: 'protocol', phase: 'headers', delivery: 'unknown' });
        expect(await textOf(await send(shared, peer.url, { body: 'image' }))).toBe('ok');
        expect(peer.accepted).toBe(2);
      },
    );
  },
);

test('a broken TLS record ends the exchange, and the next request succeeds', async () => {
  let first = true;
  const upstream = await stage.raw(
    (socket) =>
      onHead(socket, () => {
        if (first) for (const leg of proxy.sockets) leg.write('this is no TLS record');
        else socket.write(OK);
        first = false;
      }),
    certificate,
  );
  const proxy: Peer = await stage.raw((socket) => {
    const onward = net.connect(Number(upstream.url.port), 'localhost');
    onward.on('error', () => undefined);
    onward.pipe(socket).pipe(onward);
    socket.once('close', () => onward.destroy());
  });
  const transport = stage.transport(POOLED, { tls: { ca: certificate.cert } });
  const url = new URL(`https://${proxy.url.host}/`);
  const error = await failureOf(send(transport, url, { body: 'image' }));
  expect(error).toMatchObject({ kind: 'tls', phase: 'headers', delivery: 'unknown' });
  expect(await textOf(await send(transport, url, { body: 'image' }))).toBe('ok');
});

describe('an answer that is cut short fails after its headers', () => {
  test.each([
    ['short of its content-length', 'content-length: 100\r\n\r\nhalf', 'reset'],
    ['a chunked body without its end', 'transfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n', 'reset'],
    ['a chunked body that is garbage', 'transfer-encoding: chunked\r\n\r\n4\r\nhalf\r\nzz\r\n', 'protocol'],
  ])('%s', async (_name, rest, kind) => {
    const peer = await stage.raw((socket) => onHead(socket, () => socket.end(`HTTP/1.1 200 OK\r\n${rest}`)));
    const response = await send(stage.transport(POOLED), peer.url, { body: 'image' });
    expect(response.status).toBe(200);
    const error = await failureOf(textOf(response));
    expect(error).toMatchObject({ kind, phase: 'body', delivery: 'answered' });
    expect(await response.done).toMatchObject({ protocol: 'http/1.1', bytesSent: 5 });
  });

  test('by a reset', async () => {
    const peer = await stage.raw((socket) =>
      onHead(socket, () => {
        socket.write('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf');
        setImmediate(() => socket.resetAndDestroy());
      }),
    );
    const response = await send(stage.transport(), peer.url, { body: 'image' });
    const error = await failureOf(textOf(response));
    expect(error).toMatchObject({ kind: 'reset', phase: 'body', delivery: 'answered' });
  });

  test('but one that ends with the connection, having said so, is whole', async () => {
    const peer = await stage.raw((socket) =>
      onHead(socket, () => socket.end('HTTP/1.1 200 OK\r\n\r\nall of it')),
    );
    expect(await textOf(await send(stage.transport(POOLED), peer.url))).toBe('all of it');
  });
});

describe('an answer that comes while the upload still runs', () => {
  test.each([
    ['413', 'HTTP/1.1 413 Too Large\r\ncontent-length: 5\r\n\r\nlarge', 'large'],
    ['200', 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok', 'ok'],
  ])(
    '%s is delivered, the upload stops and the connection is not used again',
    async (status, answer, text) => {
      let released = false;
      const source = fromFactory(async function* () {
        try {
          for (;;) yield Buffer.alloc(64 * 1024);
        } finally {
          released = true;
        }
      });
      const peer = await stage.raw((socket) => {
        onHead(socket, () => {
          socket.pause();
          socket.write(answer);
        });
      });
      const transport = stage.transport(POOLED);
      const response = await send(transport, peer.url, { body: source });
      expect(String(response.status)).toBe(status);
      expect(await textOf(response)).toBe(text);
      const exchange = await response.done;
      expect(exchange.bytesSent).toBeGreaterThan(0);
      await until(() => released);
      expect(stage.events).toContainEqual(
        expect.objectContaining({
          type: 'retired',
          reason: 'early-answer',
          connectionId: exchange.connectionId,
        }),
      );
      expect(transport.stats().live).toBe(0);
    },
  );

  test('stops the upload at once, not when its body is read', async () => {
    let released = false;
    const endless = fromFactory(async function* () {
      try {
        for (;;) yield Buffer.alloc(64 * 1024);
      } finally {
        released = true;
      }
    });
    // The peer goes on reading, so nothing but the answer ends the upload.
    const peer = await stage.raw((socket) => {
      socket.once('data', () => socket.write('HTTP/1.1 413 Too Large\r\ncontent-length: 5\r\n\r\nlarge'));
      socket.resume();
    });
    const response = await send(stage.transport(), peer.url, { body: endless });
    await until(() => released);
    expect([response.status, await textOf(response)]).toEqual([413, 'large']);
  });

  test('a 413 that is followed by the peer hanging up is still delivered', async () => {
    const peer = await stage.raw((socket) =>
      socket.once('data', () => {
        socket.pause();
        socket.end('HTTP/1.1 413 Too Large\r\nconnection: close\r\ncontent-length: 5\r\n\r\nlarge');
        socket.once('finish', () => socket.destroy());
      }),
    );
    const response = await send(stage.transport(), peer.url, { body: LARGE });
    expect([response.status, await textOf(response)]).toEqual([413, 'large']);
  });
});

test('a GET that dies is not sent again behind our back', async () => {
  const heads: string[] = [];
  const peer = await stage.raw((socket) =>
    onHead(socket, (head) => {
      heads.push(head);
      if (heads.length === 1) socket.write(OK);
      else socket.destroy();
    }),
  );
  const transport = stage.transport(POOLED);
  await textOf(await send(transport, peer.url));
  const error = await failureOf(send(transport, peer.url));
  expect(error).toMatchObject({ kind: 'reset', phase: 'headers', delivery: 'unknown' });
  expect(error.exchange.connectionReused).toBe(true);
  expect(heads).toHaveLength(2);
});

test('a peer that switches protocols unasked fails the exchange', async () => {
  const peer = await stage.raw((socket) =>
    onHead(socket, () =>
      socket.write('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n'),
    ),
  );
  const error = await failureOf(send(stage.transport(), peer.url, { body: 'image' }));
  expect(error).toMatchObject({ kind: 'protocol', delivery: 'unknown' });
});

test('an error holds no header, no body and nothing of the URL', async () => {
  const peer = await stage.raw((socket) => onHead(socket, () => socket.end('GARBAGE secret-answer\r\n\r\n')));
  const error = await failureOf(
    send(stage.transport(), peer.url, {
      path: '/files?token=secret-query',
      headers: { authorization: 'Bearer secret-key' },
      body: 'secret-body',
    }),
  );
  const { inspect } = await import('node:util');
  expect(inspect(error, { depth: 10, showHidden: true })).not.toMatch(/secret/);
});
