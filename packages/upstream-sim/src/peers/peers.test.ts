import { once } from 'node:events';
import http2 from 'node:http2';
import https from 'node:https';
import net from 'node:net';
import { afterEach, expect, it } from 'vitest';
import {
  CODE,
  createLoopbackCertificate,
  rawH1Peer,
  rawH2Peer,
  rawPeers,
  synBlackhole,
  tcpProxy,
} from './index.ts';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

function keep<T extends { close(): Promise<void> }>(peer: T): T {
  closers.push(() => peer.close());
  return peer;
}

/** Posts `body` over HTTP/2 by Node's own client; resolves with what came back, rejects with the stream's error. */
async function post2(url: URL, ca: string, body: Buffer): Promise<{ status: unknown; text: string }> {
  const session = http2.connect(url, { ca });
  session.on('error', () => undefined);
  closers.push(async () => session.destroy());
  const stream = session.request({
    ':method': 'POST',
    ':path': '/upload',
    'content-length': body.byteLength,
  });
  stream.end(body);
  const [headers] = await once(stream, 'response');
  let text = '';
  for await (const chunk of stream) text += String(chunk);
  return { status: headers[':status'], text };
}

async function post1(
  url: URL,
  ca: string,
  body: Buffer,
  headers: Record<string, string> = {},
): Promise<string> {
  const request = https.request(url, { ca, method: 'POST', headers, agent: false });
  request.end(body);
  const [response] = await once(request, 'response');
  let text = '';
  for await (const chunk of response) text += String(chunk);
  return text;
}

it('the HTTP/2 peer answers an upload of several windows and knows its bytes', async () => {
  const certificate = await createLoopbackCertificate();
  const peer = keep(await rawH2Peer({ certificate }));
  const answer = await post2(peer.url, certificate.caPem, Buffer.alloc(3_000_000, 7));
  expect(answer).toEqual({ status: 200, text: 'ok' });
  expect(peer.requests[0]).toMatchObject({ bytes: 3_000_000, whole: true, answered: true, connection: 0 });
});

it('peers of both protocols share a port, and each client gets the one that it speaks', async () => {
  const certificate = await createLoopbackCertificate();
  const peers = keep(await rawPeers({ certificate }));
  const body = Buffer.alloc(1_000, 7);
  expect(await post2(peers.url, certificate.caPem, body)).toEqual({ status: 200, text: 'ok' });
  expect(await post1(peers.url, certificate.caPem, body)).toBe('ok');
  expect([peers.h2.requests, peers.h1.requests]).toMatchObject([[{ bytes: 1_000 }], [{ bytes: 1_000 }]]);
  expect(peers.accepted()).toBe(2);
});

it('the HTTP/2 peer resets the one stream it was told to', async () => {
  const certificate = await createLoopbackCertificate();
  const peer = keep(await rawH2Peer({ certificate }));
  peer.next({ whole: (stream) => stream.reset(CODE.PROTOCOL_ERROR) });
  await expect(post2(peer.url, certificate.caPem, Buffer.alloc(10))).rejects.toMatchObject({
    code: 'ERR_HTTP2_STREAM_ERROR',
  });
  expect(await post2(peer.url, certificate.caPem, Buffer.alloc(10))).toMatchObject({ status: 200 });
});

it('the HTTP/1.1 peer reads bodies with a length and in chunks', async () => {
  const certificate = await createLoopbackCertificate();
  const peer = keep(await rawH1Peer({ certificate }));
  const body = Buffer.alloc(200_000, 7);
  expect(await post1(peer.url, certificate.caPem, body)).toBe('ok');
  expect(await post1(peer.url, certificate.caPem, body, { 'transfer-encoding': 'chunked' })).toBe('ok');
  expect(peer.requests.map(({ bytes, whole }) => ({ bytes, whole }))).toEqual([
    { bytes: 200_000, whole: true },
    { bytes: 200_000, whole: true },
  ]);
  expect(peer.requests[0]?.sha256()).toBe(peer.requests[1]?.sha256());
});

it('the proxy carries bytes in order through delays and slices', async () => {
  const certificate = await createLoopbackCertificate();
  const peer = keep(await rawH1Peer({ certificate }));
  const road = { delayMs: 2, sliceBytes: 700 };
  const proxy = keep(await tcpProxy({ to: peer.url, toUpstream: road, toClient: road }));
  expect(await post1(proxy.url, certificate.caPem, Buffer.alloc(50_000, 3))).toBe('ok');
  expect(peer.requests[0]).toMatchObject({ bytes: 50_000, whole: true });
});

it('a blackholed connection swallows everything while a new one works', async () => {
  const certificate = await createLoopbackCertificate();
  const peer = keep(await rawH1Peer({ certificate }));
  const proxy = keep(await tcpProxy({ to: peer.url }));
  const silent = net.connect(Number(proxy.url.port), '127.0.0.1');
  closers.push(async () => silent.destroy());
  await peer.until(() => peer.openSockets() === 1);
  proxy.blackhole();
  silent.write('anything');
  expect(await post1(proxy.url, certificate.caPem, Buffer.alloc(10))).toBe('ok');
  expect(silent.bytesRead).toBe(0);
});

it('nobody answers the SYN of a connection to the blackhole', async () => {
  const hole = keep(await synBlackhole());
  const socket = net.connect(Number(hole.url.port), '127.0.0.1');
  const outcome = await new Promise((resolve) => {
    for (const event of ['connect', 'error']) socket.once(event, () => resolve(event));
    socket.setTimeout(400, () => resolve('still connecting'));
  });
  socket.destroy();
  expect(outcome).toBe('still connecting');
});
