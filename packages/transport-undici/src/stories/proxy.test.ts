import { inspect } from 'node:util';
import {
  createFallbackTransport,
  DEFAULT_ATTEMPT_LIMITS,
  FallbackMemory,
  FRESH,
  fromFactory,
  POOLED,
  PREWARMED,
  type ProxyOptions,
  ResilientClient,
} from '@ferry/core';
import type { ConnectProxy } from '@ferry/core/testing';
import { afterEach, expect, it, vi } from 'vitest';
import { createUndiciTransport } from '../index.ts';
import { certificate, makeCertificate } from '../testing/certificate.ts';
import type { TestServer } from '../testing/h2-server.ts';
import { failureOf, text, World } from '../testing/world.ts';

const world = new World();
afterEach(() => {
  vi.unstubAllEnvs();
});

/** Known to the proxies of these tests and to nobody else. */
const HOST = 'upload.test';
const hosts = { [HOST]: '127.0.0.1' };

/** An upstream whose certificate is for `upload.test`, and the one authority that vouches for it. */
async function upstream(answer?: Parameters<World['server']>[0]) {
  const itsCertificate = await makeCertificate(HOST);
  const server = await world.server(answer, { certificate: itsCertificate });
  const url = new URL(server.url);
  url.hostname = HOST;
  return { server, url, tls: { ca: itsCertificate.cert } };
}

const by = (proxy: ConnectProxy, more: ProxyOptions = {}): ProxyOptions => ({
  httpsProxy: proxy.address(),
  ...more,
});

/** Half a megabyte in slices, held up before the last one until `go`. */
function heldUpload(go: Promise<void>) {
  const slice = new Uint8Array(64 * 1024);
  return fromFactory(async function* () {
    for (let sent = 0; sent < 7; sent++) yield slice;
    await go;
    yield slice;
  }, 8 * slice.byteLength);
}

it('an upload goes through the proxy, which alone knows where the upstream is', async () => {
  const { url, tls, server } = await upstream();
  const proxy = await world.proxy({ hosts });
  const subject = await world.transport(FRESH, { tls, proxy: by(proxy) });
  expect(await text(await subject.send({ url }))).toBe('10');
  expect(proxy.requests).toEqual([{ authority: url.host, headers: { host: url.host } }]);
  expect(server.accepted()).toBe(1);
  await subject.transport.close();
  await proxy.empty();
});

it('an upload goes through a proxy that is reached over TLS', async () => {
  const { url, tls } = await upstream();
  const itsCertificate = await certificate();
  const proxy = await world.proxy({ hosts, certificate: itsCertificate });
  const subject = await world.transport(POOLED, { tls, proxy: by(proxy, { ca: itsCertificate.cert }) });
  const big = heldUpload(Promise.resolve());
  expect(await text(await subject.send({ url }, { body: big }))).toBe(String(big.byteLength));
  expect(await text(await subject.send({ url }))).toBe('10');
  expect(proxy.requests).toHaveLength(1);
});

it('a proxy over TLS that nobody vouches for is a TLS failure, and it gets no credentials', async () => {
  const { url, tls } = await upstream();
  const proxy = await world.proxy({ hosts, certificate: await certificate() });
  const options = { httpsProxy: proxy.address('user:hunter2') };
  const subject = await world.transport(FRESH, { tls, proxy: options });
  const error = await failureOf(subject.send({ url }));
  expect(error).toMatchObject({
    kind: 'tls',
    phase: 'connect',
    delivery: 'not-sent',
    cause: { cause: { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' } },
  });
  expect(proxy.requests).toEqual([]);
});

it('the proxy sees its credentials and the upstream never does', async () => {
  let seen: unknown;
  const { url, tls } = await upstream((request) => {
    seen = request.headers;
    request.stream.respond({ ':status': 200 }, { endStream: true });
  });
  const proxy = await world.proxy({ hosts });
  const subject = await world.transport(FRESH, {
    tls,
    proxy: { httpsProxy: proxy.address('user:hunter2') },
  });
  await text(await subject.send({ url }));
  const expected = `Basic ${Buffer.from('user:hunter2').toString('base64')}`;
  expect(proxy.requests[0]?.headers['proxy-authorization']).toBe(expected);
  expect(seen).toMatchObject({ ':authority': url.host });
  expect(Object.keys(seen as object).filter((name) => name.startsWith('proxy'))).toEqual([]);
});

it('several uploads on a shared connection cost one CONNECT', async () => {
  const { url, tls } = await upstream();
  const proxy = await world.proxy({ hosts });
  const subject = await world.transport(POOLED, { tls, proxy: by(proxy) });
  for (let i = 0; i < 5; i++) expect(await text(await subject.send({ url }))).toBe('10');
  expect(proxy.requests).toHaveLength(1);
  expect(subject.of('reused')).toHaveLength(4);
});

it('isolated uploads each have a tunnel, and the next one is opened ahead', async () => {
  const { url, tls } = await upstream();
  const proxy = await world.proxy({ hosts });
  const subject = await world.transport({ ...PREWARMED, spares: 1 }, { tls, proxy: by(proxy) });
  await text(await subject.send({ url }));
  await expect.poll(() => subject.transport.stats().spare).toBe(1);
  const response = await subject.send({ url });
  expect(response.exchange.connectionOrigin).toBe('prewarmed');
  await text(response);
});

it('a second tunnel resumes the TLS session of the first', async () => {
  const { url, tls, server } = await upstream();
  const proxy = await world.proxy({ hosts });
  const subject = await world.transport(FRESH, { tls, proxy: by(proxy) });
  await text(await subject.send({ url }));
  await text(await subject.send({ url }));
  expect(server.resumed()).toBe(1);
});

it.each([
  ['nobody vouches for', HOST, {}, 'DEPTH_ZERO_SELF_SIGNED_CERT'],
  ['is another’s', 'other.test', undefined, 'ERR_TLS_CERT_ALTNAME_INVALID'],
])('inside the tunnel an upstream whose certificate %s is refused', async (_, host, trust, code) => {
  const { url, tls, server } = await upstream();
  const proxy = await world.proxy({ hosts: { [host]: '127.0.0.1' } });
  url.hostname = host;
  const subject = await world.transport(FRESH, { tls: trust ?? tls, proxy: by(proxy) });
  expect(await failureOf(subject.send({ url }))).toMatchObject({
    kind: 'tls',
    delivery: 'not-sent',
    cause: { code },
  });
  expect(server.requests()).toBe(0);
});

it('an excepted upstream, and one on loopback, are reached directly', async () => {
  const server = await world.server();
  const proxy = await world.proxy();
  vi.stubEnv('https_proxy', proxy.address());
  vi.stubEnv('no_proxy', '');
  const loopback = await world.transport(FRESH, { proxy: 'environment' });
  expect(await text(await loopback.send(server))).toBe('10');
  const excepted = await world.transport(FRESH, {
    proxy: by(proxy, { loopback: 'proxied', noProxy: `localhost:${server.url.port}` }),
  });
  expect(await text(await excepted.send(server))).toBe('10');
  expect(proxy.requests).toEqual([]);
});

it('the environment’s proxy is used when asked for, and not otherwise', async () => {
  const { url, tls } = await upstream();
  const proxy = await world.proxy({ hosts });
  vi.stubEnv('https_proxy', proxy.address());
  vi.stubEnv('no_proxy', '');
  vi.stubEnv('NO_PROXY', '');
  const subject = await world.transport(FRESH, { tls, proxy: 'environment' });
  expect(await text(await subject.send({ url }))).toBe('10');
  expect(proxy.requests).toHaveLength(1);
  const direct = await world.transport(FRESH, {
    tls,
    lookup: (_name, { all }, callback) =>
      all ? callback(null, [{ address: '127.0.0.1', family: 4 }]) : callback(null, '127.0.0.1', 4),
  });
  expect(await text(await direct.send({ url }))).toBe('10');
  expect(proxy.requests).toHaveLength(1);
});

it('a wrong proxy address stops the start without showing it', () => {
  const make = () =>
    createUndiciTransport({ policy: FRESH, proxy: { httpsProxy: 'socks5://user:hunter2@proxy.test' } });
  expect(make).toThrow(/^httpsProxy: /);
  expect(make).not.toThrow(/hunter2/);
});

it.each([
  [407, 'the proxy asks for authentication (407)'],
  [403, 'the proxy did not open a way to the upstream (403)'],
  [502, 'the proxy did not open a way to the upstream (502)'],
])('a proxy that answers %i has let nothing out', async (status, message) => {
  const { url, tls, server } = await upstream();
  const proxy = await world.proxy({
    behaviour: (_request, client) => client.end(`HTTP/1.1 ${status} No\r\n\r\n`),
  });
  const subject = await world.transport(FRESH, {
    tls,
    proxy: { httpsProxy: proxy.address('user:hunter2') },
  });
  const error = await failureOf(subject.send({ url }));
  expect(error).toMatchObject({ kind: 'connect', phase: 'connect', delivery: 'not-sent', message });
  expect(inspect(error, { depth: 9 })).not.toMatch(/hunter2|Basic/);
  expect(server.accepted()).toBe(0);
});

it('a proxy that is not there, or speaks something else, has let nothing out', async () => {
  const { url, tls } = await upstream();
  const gone = await world.proxy();
  await gone.close();
  const subject = await world.transport(FRESH, { tls, proxy: by(gone) });
  const refused = await failureOf(subject.send({ url }));
  expect(refused).toMatchObject({ kind: 'connect', phase: 'connect', delivery: 'not-sent' });
  expect(refused.message).toContain('proxy');
  const babble = await world.proxy({ behaviour: (_request, client) => client.end('220 smtp\r\n') });
  const other = await world.transport(FRESH, { tls, proxy: by(babble) });
  expect(await failureOf(other.send({ url }))).toMatchObject({ kind: 'protocol', delivery: 'not-sent' });
});

it('a proxy that speaks something else is not held against HTTP/2', async () => {
  const { url, tls } = await upstream();
  const proxy = await world.proxy({ behaviour: (_request, client) => client.end('220 smtp\r\n') });
  const { transport, events } = await world.transport(FRESH, { tls, proxy: by(proxy) });
  const memory = new FallbackMemory({ policy: { minRequests: 1 } });
  const fallback = createFallbackTransport({ h2: transport, http1: transport, memory });
  const attempt = { signal: new AbortController().signal, limits: DEFAULT_ATTEMPT_LIMITS };
  const error = await failureOf(fallback.send({ method: 'GET', url, headers: {} }, attempt));
  expect(error).toMatchObject({ kind: 'protocol', phase: 'connect' });
  expect(memory.list()).toEqual([]);
  expect(events).toEqual([]);
});

it('a proxy that never answers is given up within connectMs', async () => {
  const { url, tls } = await upstream();
  const proxy = await world.proxy({ behaviour: () => undefined });
  const subject = await world.transport(FRESH, { tls, proxy: by(proxy) });
  const error = await failureOf(subject.send({ url }, { limits: { connectMs: 100 } }));
  expect(error).toMatchObject({ kind: 'timeout', phase: 'connect', delivery: 'not-sent' });
  await proxy.empty();
});

it('an abort in the middle of CONNECT leaves nothing', async () => {
  const { url, tls } = await upstream();
  const proxy = await world.proxy({ behaviour: () => undefined });
  const subject = await world.transport(FRESH, { tls, proxy: by(proxy) });
  const caller = new AbortController();
  const sending = failureOf(subject.send({ url }, { signal: caller.signal }));
  await expect.poll(() => proxy.requests).toHaveLength(1);
  caller.abort();
  expect(await sending).toMatchObject({ kind: 'aborted', phase: 'connect', delivery: 'not-sent' });
  await proxy.empty();
  await expect.poll(() => subject.transport.connections()).toEqual([]);
});

it('closing the transport in the middle of CONNECT leaves nothing', async () => {
  const { url, tls } = await upstream();
  const proxy = await world.proxy({ behaviour: () => undefined });
  const subject = await world.transport(FRESH, { tls, proxy: by(proxy) });
  const sending = failureOf(subject.send({ url }));
  await expect.poll(() => proxy.requests).toHaveLength(1);
  await subject.transport.close();
  expect(await sending).toMatchObject({ kind: 'closed', delivery: 'not-sent' });
  await proxy.empty();
});

/** Breaks the tunnels while the upload is under way. */
async function breakDuringUpload(proxy: ConnectProxy, server: TestServer): Promise<void> {
  await expect.poll(() => server.requests()).toBe(1);
  proxy.resetAll();
}

it('a proxy that dies during the upload leaves its fate unknown', async () => {
  const { url, tls, server } = await upstream();
  const proxy = await world.proxy({ hosts });
  const subject = await world.transport(POOLED, { tls, proxy: by(proxy) });
  const gate = Promise.withResolvers<void>();
  const sending = failureOf(subject.send({ url }, { body: heldUpload(gate.promise) }));
  await breakDuringUpload(proxy, server);
  expect(await sending).toMatchObject({ kind: 'reset', phase: 'request', delivery: 'unknown' });
  gate.resolve();
  expect(await text(await subject.send({ url }))).toBe('10');
});

it('an upload whose proxy dies arrives on the second attempt', async () => {
  const { url, tls, server } = await upstream();
  const proxy = await world.proxy({ hosts });
  const { transport } = await world.transport(FRESH, { tls, proxy: by(proxy) });
  const client = new ResilientClient({
    transports: { isolated: transport, shared: transport },
    policy: { backoffBaseMs: 1, backoffMaxMs: 2 },
  });
  const gate = Promise.withResolvers<void>();
  const answer = client.request({
    method: 'POST',
    url,
    headers: {},
    body: heldUpload(gate.promise),
    safety: 'repeatable',
    label: 'upload',
  });
  await breakDuringUpload(proxy, server);
  await expect.poll(() => server.requests()).toBe(2);
  gate.resolve();
  expect((await answer).status).toBe(200);
  expect(proxy.requests).toHaveLength(2);
});
