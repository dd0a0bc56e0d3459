import { once } from 'node:events';
import net, { type AddressInfo, type Socket } from 'node:net';
import { inspect } from 'node:util';
import { afterEach, expect, test } from 'vitest';
import {
  type ConnectBehaviour,
  type ConnectProxy,
  type ConnectProxyOptions,
  startConnectProxy,
} from '../../testing/connect-proxy.ts';
import { MAX_REPLY_BYTES } from './connect-reply.ts';
import { openTunnel, type Tunnel, TunnelError } from './connect-tunnel.ts';
import { ProxyServer } from './proxy-server.ts';

const proxies: ConnectProxy[] = [];
const servers: net.Server[] = [];
const sockets: Socket[] = [];

/** Every test ends with the proof that no client's connection is left at a proxy. */
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const proxy of proxies.splice(0)) {
    await proxy.empty();
    await proxy.close();
  }
  for (const server of servers.splice(0)) {
    const closed = once(server, 'close');
    server.close();
    await closed;
  }
});

async function proxyWith(options?: ConnectProxyOptions): Promise<ConnectProxy> {
  const proxy = await startConnectProxy(options);
  proxies.push(proxy);
  return proxy;
}

/** Sends everything back. */
async function echo(): Promise<number> {
  const server = net.createServer((socket) => {
    socket.on('error', () => undefined);
    socket.pipe(socket);
  });
  servers.push(server);
  server.listen(0, 'localhost');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

function tunnelBy(address: string, host = 'localhost', port = 443): Tunnel {
  const tunnel = openTunnel(ProxyServer.parse(address, 'test'), { host, port });
  sockets.push(tunnel.socket);
  return tunnel;
}

async function failureOf(tunnel: Tunnel): Promise<TunnelError> {
  const error: unknown = await tunnel.ready.then(
    () => new Error('it succeeded'),
    (reason: unknown) => reason,
  );
  if (!TunnelError.is(error)) throw error;
  expect(tunnel.socket.destroyed).toBe(true);
  return error;
}

/** Answers each CONNECT with this. */
const saying =
  (...writes: readonly string[]): ConnectBehaviour =>
  (_request, client) => {
    for (const text of writes) client.write(text, 'latin1');
  };

test('bytes go both ways once the proxy has joined the connections', async () => {
  const port = await echo();
  const proxy = await proxyWith();
  const socket = await tunnelBy(proxy.address(), 'localhost', port).ready;
  socket.write('hello');
  const [bytes] = await once(socket, 'data');
  expect(String(bytes)).toBe('hello');
  expect(proxy.requests).toEqual([
    { authority: `localhost:${port}`, headers: { host: `localhost:${port}` } },
  ]);
});

test('the target’s name is left to the proxy, and an IPv6 address goes in brackets', async () => {
  const proxy = await proxyWith({ behaviour: saying('HTTP/1.1 200 OK\r\n\r\n') });
  await tunnelBy(proxy.address(), 'only-the-proxy-knows.invalid').ready;
  await tunnelBy(proxy.address(), '2001:db8::1', 8443).ready;
  expect(proxy.requests.map(({ authority }) => authority)).toEqual([
    'only-the-proxy-knows.invalid:443',
    '[2001:db8::1]:8443',
  ]);
});

test('user and password of the address go to the proxy', async () => {
  const proxy = await proxyWith({ behaviour: saying('HTTP/1.1 200 OK\r\n\r\n') });
  await tunnelBy(proxy.address('user:p%40ss')).ready;
  const expected = `Basic ${Buffer.from('user:p@ss').toString('base64')}`;
  expect(proxy.requests[0]?.headers['proxy-authorization']).toBe(expected);
});

test('what the target says right behind the proxy’s answer is not lost', async () => {
  const proxy = await proxyWith({ behaviour: saying('HTTP/1.1 200 OK\r\n\r\nfirst words') });
  const socket = await tunnelBy(proxy.address()).ready;
  const [bytes] = await once(socket, 'data');
  expect(String(bytes)).toBe('first words');
});

test('a proxy that says its answer byte by byte is heard out', async () => {
  const reply = 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nvia: x\r\n\r\nrest';
  const behaviour: ConnectBehaviour = async (_request, client) => {
    for (const byte of reply) {
      await new Promise<void>((resolve) => client.write(byte, () => resolve()));
      await new Promise(setImmediate);
    }
  };
  const proxy = await proxyWith({ behaviour });
  const socket = await tunnelBy(proxy.address()).ready;
  let text = '';
  socket.setEncoding('utf8');
  for await (const piece of socket) {
    text += piece;
    if (text.length === 4) break;
  }
  expect(text).toBe('rest');
});

test('a proxy that cannot be reached is a connect failure', async () => {
  const proxy = await proxyWith();
  await proxy.close();
  proxies.length = 0;
  const error = await failureOf(tunnelBy(proxy.address()));
  expect(error).toMatchObject({ kind: 'connect', message: 'the proxy could not be reached (ECONNREFUSED)' });
  expect(error.cause).toBeInstanceOf(Error);
});

test('a proxy’s name that does not resolve is a DNS failure', async () => {
  const tunnel = openTunnel(
    ProxyServer.parse('http://nowhere.test', 'test'),
    { host: 'api.x.ai', port: 443 },
    {
      lookup: (name, _options, callback) => {
        const error = Object.assign(new Error(`getaddrinfo ENOTFOUND ${name}`), { syscall: 'getaddrinfo' });
        callback(error, '');
      },
    },
  );
  expect(await failureOf(tunnel)).toMatchObject({ kind: 'dns' });
});

test.each([
  [
    'HTTP/1.1 407 Proxy Authentication Required\r\nproxy-authenticate: Basic\r\n\r\n',
    { kind: 'connect', status: 407, message: 'the proxy asks for authentication (407)' },
  ],
  [
    'HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n',
    { kind: 'connect', status: 502, message: 'the proxy did not open a way to the upstream (502)' },
  ],
  ['HTTP/1.1 302 Found\r\nlocation: /\r\n\r\n', { kind: 'connect', status: 302 }],
  ['SSH-2.0-OpenSSH_9.2\r\n', { kind: 'protocol', status: undefined }],
  ['\x16\x03\x01\x02\x00', { kind: 'protocol' }],
])('a proxy that answers %j gives no way', async (reply, expected) => {
  const proxy = await proxyWith({ behaviour: saying(reply) });
  expect(await failureOf(tunnelBy(proxy.address()))).toMatchObject(expected);
});

test('a proxy whose answer has no end is given up after 16 KiB', async () => {
  const line = `x: ${'y'.repeat(1_000)}\r\n`;
  const lines = Array.from({ length: MAX_REPLY_BYTES / 1_000 + 1 }, () => line);
  const proxy = await proxyWith({ behaviour: saying('HTTP/1.1 200 OK\r\n', ...lines) });
  const error = await failureOf(tunnelBy(proxy.address()));
  expect(error).toMatchObject({ kind: 'protocol' });
  expect(error.message).toContain('16384 bytes');
});

test.each([
  ['before a word', ''],
  ['in the middle of its answer', 'HTTP/1.1 200 OK\r\nvia: '],
])('a proxy that hangs up %s is a connect failure', async (_, text) => {
  const fin = await proxyWith({ behaviour: (_request, client) => void client.end(text) });
  expect(await failureOf(tunnelBy(fin.address()))).toMatchObject({ kind: 'connect' });
  const rst = await proxyWith({ behaviour: (_request, client) => void client.resetAndDestroy() });
  expect(await failureOf(tunnelBy(rst.address()))).toMatchObject({ kind: 'connect' });
});

test('giving up in the middle of CONNECT ends the connection to the proxy', async () => {
  const proxy = await proxyWith({ behaviour: () => undefined });
  const tunnel = tunnelBy(proxy.address());
  await expect.poll(() => proxy.requests).toHaveLength(1);
  tunnel.socket.destroy();
  expect(await failureOf(tunnel)).toMatchObject({ kind: 'connect' });
  await proxy.empty();
});

test('no failure shows the credentials', async () => {
  const proxy = await proxyWith({
    behaviour: (request, client) =>
      client.end(`HTTP/1.1 407 ${request.headers['proxy-authorization']}\r\nx: hunter2\r\n\r\nhunter2`),
  });
  const error = await failureOf(tunnelBy(proxy.address('user:hunter2')));
  const encoded = Buffer.from('user:hunter2').toString('base64');
  const shown = inspect(error, { depth: 9, showHidden: true });
  expect(shown).not.toContain('hunter2');
  expect(shown).not.toContain(encoded);
});
