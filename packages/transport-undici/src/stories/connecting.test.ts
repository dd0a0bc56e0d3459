import { once } from 'node:events';
import { type AddressInfo, createServer, type LookupFunction, type Server, type Socket } from 'node:net';
import { FRESH, POOLED } from '@ferry/core';
import { afterEach, expect, it } from 'vitest';
import { makeCertificate } from '../testing/certificate.ts';
import { CODE } from '../testing/raw-peer.ts';
import { failureOf, text, World } from '../testing/world.ts';

const world = new World();
const tcpServers: { server: Server; sockets: Set<Socket> }[] = [];

afterEach(async () => {
  for (const { server, sockets } of tcpServers.splice(0)) {
    const closed = once(server, 'close');
    server.close();
    for (const socket of sockets) socket.destroy();
    await closed;
  }
});

async function tcpServer(onSocket: (socket: Socket) => void): Promise<{ url: URL; sockets: Set<Socket> }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    onSocket(socket);
    socket.resume();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  tcpServers.push({ server, sockets });
  return { url: new URL(`https://localhost:${(server.address() as AddressInfo).port}/`), sockets };
}

it('a name that does not resolve is a DNS failure, and nothing was sent', async () => {
  const lookup: LookupFunction = (hostname, _options, callback) => {
    callback(
      Object.assign(new Error(`getaddrinfo ENOTFOUND ${hostname}`), {
        code: 'ENOTFOUND',
        syscall: 'getaddrinfo',
      }),
      '',
    );
  };
  const subject = await world.transport(FRESH, { lookup });
  const error = await failureOf(subject.send({ url: new URL('https://nowhere.test/') }));
  expect(error).toMatchObject({ kind: 'dns', phase: 'connect', delivery: 'not-sent' });
  await expect.poll(() => subject.transport.connections()).toEqual([]);
});

it('a refused connection is a connect failure, and nothing was sent', async () => {
  const { url } = await tcpServer(() => undefined);
  const { server } = tcpServers.splice(0)[0] ?? {};
  server?.close();
  const subject = await world.transport(FRESH);
  const error = await failureOf(subject.send({ url }));
  expect(error).toMatchObject({ kind: 'connect', phase: 'connect', delivery: 'not-sent' });
  expect(error.message).toContain('ECONNREFUSED');
});

it('a server that accepts and never speaks TLS is given up within connectMs', async () => {
  const { url, sockets } = await tcpServer(() => undefined);
  const subject = await world.transport(FRESH);
  const error = await failureOf(subject.send({ url }, { limits: { connectMs: 100 } }));
  expect(error).toMatchObject({ kind: 'timeout', phase: 'connect', delivery: 'not-sent' });
  await expect.poll(() => sockets.size).toBe(0);
});

it('a server that closes during the TLS handshake is a TLS failure', async () => {
  const { url } = await tcpServer((socket) => socket.once('data', () => socket.end()));
  const subject = await world.transport(FRESH);
  expect(await failureOf(subject.send({ url }))).toMatchObject({
    kind: 'tls',
    phase: 'connect',
    delivery: 'not-sent',
  });
});

it('an untrusted certificate is a TLS failure with its reason', async () => {
  const server = await world.server();
  const subject = await world.transport(FRESH, { tls: {} });
  const error = await failureOf(subject.send(server));
  expect(error).toMatchObject({
    kind: 'tls',
    delivery: 'not-sent',
    cause: { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' },
  });
  expect(server.requests()).toBe(0);
});

it("another host's certificate is a TLS failure with its reason", async () => {
  const certificate = await makeCertificate('elsewhere.test');
  const server = await world.server(undefined, { certificate });
  const subject = await world.transport(FRESH, { tls: { ca: certificate.cert } });
  const error = await failureOf(subject.send(server));
  expect(error).toMatchObject({
    kind: 'tls',
    delivery: 'not-sent',
    cause: { code: 'ERR_TLS_CERT_ALTNAME_INVALID' },
  });
});

it.each([
  ['only HTTP/1.1', ['http/1.1']],
  ['no protocol at all', []],
])(
  'a server that offers %s asks for the other transport before anything was sent',
  async (_, ALPNProtocols) => {
    const peer = await world.peer(
      () => undefined,
      ALPNProtocols.length > 0 ? { ALPNProtocols } : { ALPNProtocols: undefined },
    );
    const subject = await world.transport(FRESH);
    const error = await failureOf(subject.send(peer));
    expect(error).toMatchObject({ kind: 'http1-required', phase: 'connect', delivery: 'not-sent' });
  },
);

it('a cleartext origin asks for the other transport before anything was sent', async () => {
  const subject = await world.transport(FRESH);
  const error = await failureOf(subject.send({ url: new URL('http://127.0.0.1:1/') }));
  expect(error).toMatchObject({ kind: 'http1-required', delivery: 'not-sent' });
});

it('ten requests at once all succeed at a peer that allows one stream a connection', async () => {
  const server = await world.server(undefined, { settings: { maxConcurrentStreams: 1 } });
  const subject = await world.transport({ ...POOLED, maxConnections: 3 });
  const answers = await Promise.all(Array.from({ length: 10 }, () => subject.send(server).then(text)));
  expect(answers).toEqual(Array(10).fill('10'));
  expect(server.accepted()).toBeLessThanOrEqual(3);
});

it('a second connection resumes the TLS session of the first', async () => {
  const server = await world.server();
  const subject = await world.transport(FRESH);
  await text(await subject.send(server));
  await text(await subject.send(server));
  expect(server.resumed()).toBe(1);
});

it('a connection that dies while it is granted has sent nothing', async () => {
  const peer = await world.peer((connection) => {
    connection.settings();
    connection.on('whole', (id: number) => connection.answer(id));
  });
  const subject = await world.transport(POOLED);
  await text(await subject.send(peer));
  peer.connections[0]?.goaway(1, CODE.NO_ERROR);
  peer.connections[0]?.socket.end();
  const outcome = await subject.send(peer).then(text, (error: unknown) => error);
  // Either the end was seen in time, and the request went elsewhere, or it was not, and its fate is told truly.
  if (outcome !== 'ok')
    expect(outcome).toMatchObject({ delivery: expect.stringMatching(/not-sent|refused/) });
  expect(await text(await subject.send(peer))).toBe('ok');
});
