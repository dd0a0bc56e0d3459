import { once } from 'node:events';
import http2, { type ClientHttp2Session } from 'node:http2';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import tls from 'node:tls';
import { createLoopbackCertificate, dataFrame, FRAME, frame } from '@ferry/upstream-sim/peers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { expectedAnswer } from '../job.ts';
import { frameServer } from './frame-server.ts';

let port: number;
let ca: string;
let stop: () => Promise<unknown>;

beforeAll(async () => {
  const certificate = await createLoopbackCertificate();
  const server = frameServer(certificate);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  port = (server.address() as AddressInfo).port;
  ca = certificate.caPem;
  stop = async () => {
    server.close();
    await once(server, 'close');
  };
});
// It closes when the last connection has: a test that leaves one behind hangs here.
afterAll(async () => await stop());

async function upload(session: ClientHttp2Session, bytes: number): Promise<string> {
  const stream = session.request({ ':method': 'POST', ':path': '/upload' });
  stream.setEncoding('utf8').end(Buffer.alloc(bytes));
  let text = '';
  for await (const chunk of stream) text += chunk;
  expect(stream.sentHeaders[':path']).toBe('/upload');
  return text;
}

test('bodies of all sizes are counted side by side, beyond the windows of stream and connection', async () => {
  const session = http2.connect(`https://localhost:${port}`, { ca, maxSessionMemory: 1_000 });
  const sizes = [0, 1, 9, 16_384, 16_385, 1_000_000, 3_000_000, 10_000_000];
  for (let round = 0; round < 2; round += 1) {
    const answers = await Promise.all(sizes.map((bytes) => upload(session, bytes)));
    expect(answers).toEqual(sizes.map((bytes) => expectedAnswer(bytes, '2.0')));
  }
  await new Promise<void>((resolve) => session.close(resolve));
});

test('it answers a PING with its eight bytes, and an upload that is reset is forgotten', async () => {
  const session = http2.connect(`https://localhost:${port}`, { ca });
  await once(session, 'remoteSettings');
  const payload = Buffer.from('12345678');
  const ponged = new Promise<Buffer>((resolve) => {
    session.ping(payload, (_error, _ms, echoed) => resolve(echoed));
  });
  expect(await ponged).toEqual(payload);
  const given = session.request({ ':method': 'POST' });
  given.write(Buffer.alloc(100_000));
  given.close(http2.constants.NGHTTP2_CANCEL);
  expect(await upload(session, 5)).toBe(expectedAnswer(5, '2.0'));
  await new Promise<void>((resolve) => session.close(resolve));
});

test('a frame that it does not count ends the connection with GOAWAY', async () => {
  const socket = tls.connect({ port, host: 'localhost', ca, ALPNProtocols: ['h2'] });
  await once(socket, 'secureConnect');
  socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
  socket.write(frame(FRAME.SETTINGS, 0, 0));
  socket.write(dataFrame(1, Buffer.from('padded'), { padding: 3 }));
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  const said = Buffer.concat(chunks);
  expect(said.at(-17 + 3)).toBe(FRAME.GOAWAY);
  socket.destroy();
});

test('over HTTP/1.1 it counts alike', async () => {
  const request = https.request({ port, host: 'localhost', ca, method: 'POST', agent: false });
  request.end(Buffer.alloc(70_000));
  const [response] = await once(request, 'response');
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) text += chunk;
  expect(text).toBe(expectedAnswer(70_000, '1.1'));
});

test('over HTTP/1.1 it names no time after which it would end a connection that rests', async () => {
  const agent = new https.Agent({ keepAlive: true });
  try {
    const request = https.request({ port, host: 'localhost', ca, method: 'POST', agent });
    request.end('body');
    const [response] = await once(request, 'response');
    await once(response.resume(), 'end');
    expect(response.headers).toMatchObject({ connection: 'keep-alive' });
    expect(response.headers).not.toHaveProperty('keep-alive');
  } finally {
    agent.destroy();
  }
});
