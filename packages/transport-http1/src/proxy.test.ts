import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { inspect } from 'node:util';
import { fromFactory, POOLED, PREWARMED, type ProxyOptions, ResilientClient } from '@ferry/core';
import type { ConnectProxy } from '@ferry/core/testing';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createHttp1Transport } from './http1-transport.ts';
import { makeCertificate } from './testing/certificate.ts';
import { failureOf, Stage, send, textOf } from './testing/stage.ts';

let stage: Stage;
beforeEach(() => {
  stage = new Stage();
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await stage.strike();
});

/** Known to the proxies of these tests and to nobody else. */
const HOST = 'upload.test';
const hosts = { [HOST]: 'localhost' };

/** Answers with the length of the body; rejects when the body breaks off. */
const reading = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
  let bytes = 0;
  for await (const chunk of request) bytes += (chunk as Buffer).byteLength;
  response.end(String(bytes));
};
const count: RequestListener = (request, response) => {
  reading(request, response).catch(() => undefined);
};

/** An upstream whose certificate is for `upload.test`, and the one authority that vouches for it. */
async function upstream(listener: RequestListener = count) {
  const certificate = await makeCertificate(HOST);
  const peer = await stage.http(listener, certificate);
  const url = new URL(peer.url);
  url.hostname = HOST;
  return { peer, url, tls: { ca: certificate.cert } };
}

const by = (proxy: ConnectProxy, more: ProxyOptions = {}): ProxyOptions => ({
  httpsProxy: proxy.address(),
  httpProxy: proxy.address(),
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

/** Reads everything and says when the headers of a request have come. */
function watched(): { readonly listener: RequestListener; readonly seen: IncomingMessage[] } {
  const seen: IncomingMessage[] = [];
  const listener: RequestListener = (request, response) => {
    seen.push(request);
    count(request, response);
  };
  return { listener, seen };
}

test('an upload goes through the proxy, which alone knows where the upstream is', async () => {
  const { url, tls, peer } = await upstream();
  const proxy = await stage.proxy({ hosts });
  const transport = stage.transport({}, { tls, proxy: by(proxy) });
  expect(await textOf(await send(transport, url, { body: 'hello' }))).toBe('5');
  expect(proxy.requests).toEqual([{ authority: url.host, headers: { host: url.host } }]);
  expect(peer.accepted).toBe(1);
  await transport.close();
  await proxy.empty();
});

test('a cleartext upload goes through a tunnel as well', async () => {
  const peer = await stage.http(count);
  const proxy = await stage.proxy({ hosts });
  const url = new URL(peer.url);
  url.hostname = HOST;
  const transport = stage.transport(POOLED, { proxy: by(proxy) });
  for (let i = 0; i < 3; i++) expect(await textOf(await send(transport, url, { body: 'hello' }))).toBe('5');
  expect(proxy.requests.map(({ authority }) => authority)).toEqual([url.host]);
});

test('an upload goes through a proxy that is reached over TLS', async () => {
  const { url, tls } = await upstream();
  const itsCertificate = await makeCertificate();
  const proxy = await stage.proxy({ hosts, certificate: itsCertificate });
  const transport = stage.transport(POOLED, { tls, proxy: by(proxy, { ca: itsCertificate.cert }) });
  const body = heldUpload(Promise.resolve());
  expect(await textOf(await send(transport, url, { body }))).toBe(String(body.byteLength));
  expect(await textOf(await send(transport, url, { body: 'hello' }))).toBe('5');
  expect(proxy.requests).toHaveLength(1);
});

test('a proxy over TLS that nobody vouches for is a TLS failure, and it gets no credentials', async () => {
  const { url, tls } = await upstream();
  const proxy = await stage.proxy({ hosts, certificate: await makeCertificate() });
  const transport = stage.transport({}, { tls, proxy: { httpsProxy: proxy.address('user:hunter2') } });
  const error = await failureOf(send(transport, url));
  expect(error).toMatchObject({
    kind: 'tls',
    phase: 'connect',
    delivery: 'not-sent',
    cause: { cause: { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' } },
  });
  expect(proxy.requests).toEqual([]);
});

test('the proxy sees its credentials and the upstream never does', async () => {
  const { listener, seen } = watched();
  const { url, tls } = await upstream(listener);
  const proxy = await stage.proxy({ hosts });
  const transport = stage.transport({}, { tls, proxy: { httpsProxy: proxy.address('user:hunter2') } });
  await textOf(await send(transport, url, { body: 'hello' }));
  const expected = `Basic ${Buffer.from('user:hunter2').toString('base64')}`;
  expect(proxy.requests[0]?.headers['proxy-authorization']).toBe(expected);
  expect(seen[0]?.headers.host).toBe(url.host);
  expect(seen[0]?.rawHeaders.join()).not.toMatch(/proxy|Basic/i);
});

test('several uploads on a shared connection cost one CONNECT', async () => {
  const { url, tls } = await upstream();
  const proxy = await stage.proxy({ hosts });
  const transport = stage.transport(POOLED, { tls, proxy: by(proxy) });
  for (let i = 0; i < 5; i++) expect(await textOf(await send(transport, url, { body: 'hello' }))).toBe('5');
  expect(proxy.requests).toHaveLength(1);
  expect(stage.events.filter(({ type }) => type === 'reused')).toHaveLength(4);
});

test('isolated uploads each have a tunnel, and the next one is opened ahead', async () => {
  const { url, tls } = await upstream();
  const proxy = await stage.proxy({ hosts });
  const transport = stage.transport({ ...PREWARMED, spares: 1 }, { tls, proxy: by(proxy) });
  await textOf(await send(transport, url));
  await expect.poll(() => transport.stats().spare).toBe(1);
  const response = await send(transport, url);
  expect(response.exchange.connectionOrigin).toBe('prewarmed');
  await textOf(response);
});

test('a shared connection whose proxy hangs up is not used again', async () => {
  const { url, tls } = await upstream();
  const proxy = await stage.proxy({ hosts });
  const transport = stage.transport(POOLED, { tls, proxy: by(proxy) });
  await textOf(await send(transport, url, { body: 'hello' }));
  proxy.resetAll();
  await expect.poll(() => transport.stats().live).toBe(0);
  expect(await textOf(await send(transport, url, { body: 'hello' }))).toBe('5');
  expect(proxy.requests).toHaveLength(2);
});

test('inside the tunnel an upstream with another’s certificate is refused', async () => {
  const { url, tls } = await upstream();
  const proxy = await stage.proxy({ hosts: { 'other.test': 'localhost' } });
  url.hostname = 'other.test';
  const transport = stage.transport({}, { tls, proxy: by(proxy) });
  expect(await failureOf(send(transport, url))).toMatchObject({
    kind: 'tls',
    delivery: 'not-sent',
    cause: { code: 'ERR_TLS_CERT_ALTNAME_INVALID' },
  });
});

test('an excepted upstream, and one on loopback, are reached directly', async () => {
  const peer = await stage.http(count);
  const proxy = await stage.proxy();
  for (const name of ['http_proxy', 'https_proxy']) vi.stubEnv(name, proxy.address());
  vi.stubEnv('no_proxy', '');
  const loopback = stage.transport({}, { proxy: 'environment' });
  expect(await textOf(await send(loopback, peer.url, { body: 'hello' }))).toBe('5');
  const noProxy = `localhost:${peer.url.port}`;
  const excepted = stage.transport({}, { proxy: by(proxy, { loopback: 'proxied', noProxy }) });
  expect(await textOf(await send(excepted, peer.url, { body: 'hello' }))).toBe('5');
  expect(proxy.requests).toEqual([]);
  const proxied = stage.transport({}, { proxy: by(proxy, { loopback: 'proxied' }) });
  expect(await textOf(await send(proxied, peer.url, { body: 'hello' }))).toBe('5');
  expect(proxy.requests).toHaveLength(1);
});

test('a wrong proxy address stops the start without showing it', () => {
  vi.stubEnv('https_proxy', 'socks5://user:hunter2@proxy.test');
  const make = () => createHttp1Transport({ policy: POOLED, proxy: 'environment' });
  expect(make).toThrow(/^https_proxy: /);
  expect(make).not.toThrow(/hunter2/);
});

test.each([
  [407, 'the proxy asks for authentication (407)'],
  [502, 'the proxy did not open a way to the upstream (502)'],
])('a proxy that answers %i has let nothing out', async (status, words) => {
  const { url, tls, peer } = await upstream();
  const proxy = await stage.proxy({
    behaviour: (_request, client) => client.end(`HTTP/1.1 ${status} No\r\n\r\n`),
  });
  const transport = stage.transport({}, { tls, proxy: { httpsProxy: proxy.address('user:hunter2') } });
  const error = await failureOf(send(transport, url));
  expect(error).toMatchObject({ kind: 'connect', phase: 'connect', delivery: 'not-sent' });
  expect(error.message).toContain(words);
  expect(inspect(error, { depth: 9 })).not.toMatch(/hunter2|Basic/);
  expect(peer.accepted).toBe(0);
});

test('a proxy that is not there, or speaks something else, has let nothing out', async () => {
  const { url, tls } = await upstream();
  const proxy = await stage.proxy({ behaviour: (_request, client) => client.end('220 smtp\r\n') });
  const babble = stage.transport({}, { tls, proxy: by(proxy) });
  expect(await failureOf(send(babble, url))).toMatchObject({ kind: 'protocol', delivery: 'not-sent' });
  const peer = await stage.http(count);
  await peer.close();
  const gone = stage.transport({}, { tls, proxy: { httpsProxy: peer.url.origin } });
  const refused = await failureOf(send(gone, url));
  expect(refused).toMatchObject({ kind: 'connect', phase: 'connect', delivery: 'not-sent' });
  expect(refused.message).toContain('the proxy could not be reached');
});

test('a proxy that never answers is given up within connectMs', async () => {
  const { url, tls } = await upstream();
  const proxy = await stage.proxy({ behaviour: () => undefined });
  const transport = stage.transport({}, { tls, proxy: by(proxy) });
  const error = await failureOf(send(transport, url, { limits: { connectMs: 100 } }));
  expect(error).toMatchObject({ kind: 'timeout', phase: 'connect', delivery: 'not-sent' });
  await proxy.empty();
});

test('an abort in the middle of CONNECT leaves nothing', async () => {
  const { url, tls } = await upstream();
  const proxy = await stage.proxy({ behaviour: () => undefined });
  const transport = stage.transport({}, { tls, proxy: by(proxy) });
  const caller = new AbortController();
  const sending = failureOf(send(transport, url, { signal: caller.signal }));
  await expect.poll(() => proxy.requests).toHaveLength(1);
  caller.abort();
  expect(await sending).toMatchObject({ kind: 'aborted', phase: 'connect', delivery: 'not-sent' });
  await proxy.empty();
});

test('a proxy that joins and hangs up at once is a failure of the connection, not of the request', async () => {
  const { url, tls } = await upstream();
  const proxy = await stage.proxy({
    behaviour: (_request, client) => client.end('HTTP/1.1 200 OK\r\n\r\n'),
  });
  const transport = stage.transport({}, { tls, proxy: by(proxy) });
  expect(await failureOf(send(transport, url))).toMatchObject({ phase: 'connect', delivery: 'not-sent' });
});

test('a proxy that dies during the upload leaves its fate unknown', async () => {
  const { listener, seen } = watched();
  const { url, tls } = await upstream(listener);
  const proxy = await stage.proxy({ hosts });
  const transport = stage.transport(POOLED, { tls, proxy: by(proxy) });
  const gate = Promise.withResolvers<void>();
  const sending = failureOf(send(transport, url, { body: heldUpload(gate.promise) }));
  await expect.poll(() => seen).toHaveLength(1);
  proxy.resetAll();
  expect(await sending).toMatchObject({ kind: 'reset', phase: 'request', delivery: 'unknown' });
  gate.resolve();
});

test('an upload whose proxy dies arrives on the second attempt', async () => {
  const { listener, seen } = watched();
  const { url, tls } = await upstream(listener);
  const proxy = await stage.proxy({ hosts });
  const transport = stage.transport({}, { tls, proxy: by(proxy) });
  const client = new ResilientClient({
    transports: { isolated: transport, shared: transport },
    policy: { backoffBaseMs: 1, backoffMaxMs: 2 },
  });
  const gate = Promise.withResolvers<void>();
  const body = heldUpload(gate.promise);
  const answer = client.request({
    method: 'POST',
    url,
    headers: {},
    body,
    safety: 'repeatable',
    label: 'upload',
  });
  await expect.poll(() => seen).toHaveLength(1);
  proxy.resetAll();
  await expect.poll(() => seen).toHaveLength(2);
  gate.resolve();
  expect((await answer).status).toBe(200);
  expect(proxy.requests).toHaveLength(2);
});
