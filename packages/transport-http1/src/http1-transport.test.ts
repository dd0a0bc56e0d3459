import { createHash } from 'node:crypto';
import { FRESH, fromBytes, fromFactory, MAX_SLICE_BYTES, POOLED, PREWARMED } from '@ferry/core';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { makeCertificate, type TestCertificate } from './testing/certificate.ts';
import { Stage, send, textOf } from './testing/stage.ts';

let certificate: TestCertificate;
let stage: Stage;
beforeAll(async () => {
  certificate = await makeCertificate();
});
beforeEach(() => {
  stage = new Stage();
});
afterEach(() => stage.strike());

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

describe.each([
  ['FRESH', FRESH],
  ['PREWARMED', PREWARMED],
  ['POOLED', POOLED],
] as const)('%s', (_profile, policy) => {
  describe.each(['http', 'https'] as const)('over %s', (scheme) => {
    const secure = (): TestCertificate | undefined => (scheme === 'https' ? certificate : undefined);

    test('an upload arrives whole, with its length, and the answer comes back', async () => {
      const peer = await stage.http(async (request, response) => {
        const hash = createHash('sha256');
        for await (const chunk of request) hash.update(chunk);
        response.end(`${request.headers['content-length']} ${hash.digest('hex')}`);
      }, secure());
      const bytes = Buffer.alloc(3 * MAX_SLICE_BYTES + 17, 'ferry');
      const transport = stage.transport(policy, { tls: { ca: certificate.cert } });
      const sent: number[] = [];
      const response = await send(transport, peer.url, {
        body: fromBytes(bytes),
        onBytesSent: (count) => sent.push(count),
      });
      expect(response.status).toBe(200);
      expect(await textOf(response)).toBe(`${bytes.byteLength} ${sha256(bytes)}`);
      expect(sent).toEqual([...sent].sort((a, b) => a - b));
      expect(sent.length).toBeGreaterThan(3);
      expect(sent.at(-1)).toBe(bytes.byteLength);
      const exchange = await response.done;
      expect(exchange).toMatchObject({
        protocol: 'http/1.1',
        connectionOrigin: 'fresh',
        connectionReused: false,
        bodyOpened: true,
        bytesSent: bytes.byteLength,
      });
      expect(Object.keys(exchange.phaseMs)).toEqual(['acquire', 'connect', 'request', 'headers', 'body']);
    });

    test('ten uploads at once arrive, each its own', async () => {
      const peer = await stage.http(async (request, response) => {
        const chunks: Buffer[] = [];
        for await (const chunk of request) chunks.push(chunk);
        response.end(Buffer.concat(chunks));
      }, secure());
      const transport = stage.transport(policy, { tls: { ca: certificate.cert } });
      const answers = await Promise.all(
        Array.from({ length: 10 }, async (_, at) =>
          textOf(await send(transport, peer.url, { body: `image ${at}` })),
        ),
      );
      expect(answers).toEqual(Array.from({ length: 10 }, (_, at) => `image ${at}`));
    });
  });
});

test('a body of unknown length is sent in chunks, also with DELETE', async () => {
  const peer = await stage.http(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    response.end(`${request.headers['transfer-encoding']} ${Buffer.concat(chunks)}`);
  });
  const transport = stage.transport();
  for (const method of ['POST', 'DELETE'] as const) {
    const body = fromFactory(() => [Buffer.from('one '), Buffer.alloc(0), Buffer.from('two')]);
    expect(await textOf(await send(transport, peer.url, { method, body }))).toBe('chunked one two');
  }
});

test('only what the caller gave and the protocol needs is in the request', async () => {
  const peer = await stage.http((request, response) => {
    response.end(JSON.stringify([request.method, request.url, request.headers]));
  });
  const response = await send(stage.transport(POOLED), peer.url, {
    method: 'POST',
    path: '/v1/files?x=1',
    headers: {
      authorization: 'Bearer key',
      'content-length': '999',
      connection: 'upgrade',
      expect: '100-continue',
    },
  });
  expect(JSON.parse(await textOf(response))).toEqual([
    'POST',
    '/v1/files?x=1',
    {
      authorization: 'Bearer key',
      'accept-encoding': 'identity',
      connection: 'keep-alive',
      'content-length': '0',
      host: peer.url.host,
    },
  ]);
});

test.each([302, 404, 413, 429, 500, 502, 503, 504])(
  'status %i is an answer, with its headers and body',
  async (status) => {
    const asked: (string | undefined)[] = [];
    const peer = await stage.http((request, response) => {
      asked.push(request.method);
      response.writeHead(status, { location: '/elsewhere', 'retry-after': '0' });
      response.end('<html>no</html>');
    });
    const transport = stage.transport(POOLED);
    for (const method of ['POST', 'GET'] as const) {
      const response = await send(transport, peer.url, { method });
      expect(response.status).toBe(status);
      expect(response.headers['retry-after']).toBe('0');
      expect(await textOf(response)).toBe('<html>no</html>');
    }
    expect(asked).toEqual(['POST', 'GET']);
  },
);

test('repeated response fields are joined and cookies kept apart', async () => {
  const peer = await stage.http((_request, response) => {
    response.setHeader('X-Hint', ['a', 'b']);
    response.setHeader('Set-Cookie', ['a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT', 'b=2']);
    response.end();
  });
  const response = await send(stage.transport(), peer.url);
  expect(response.headers['x-hint']).toBe('a, b');
  expect(response.headers['set-cookie']).toBe('a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT\nb=2');
  expect(await textOf(response)).toBe('');
});

test('an encoded answer is passed on as it is', async () => {
  const peer = await stage.http((_request, response) => {
    response.writeHead(200, { 'content-encoding': 'gzip' });
    response.end('not really gzip');
  });
  const response = await send(stage.transport(), peer.url, { headers: { 'accept-encoding': 'gzip' } });
  expect(response.headers['content-encoding']).toBe('gzip');
  expect(await textOf(response)).toBe('not really gzip');
});

test('an answer without a body gives its connection back although nobody reads it', async () => {
  const peer = await stage.http((_request, response) => {
    response.writeHead(204);
    response.end();
  });
  const transport = stage.transport({ ...POOLED, maxConnections: 1 });
  for (const method of ['HEAD', 'DELETE', 'PUT'] as const) {
    const response = await send(transport, peer.url, { method });
    expect(response.status).toBe(204);
    await response.done;
  }
  expect(peer.accepted).toBe(1);
});

test('a header that cannot be sent fails before anything leaves, and its value stays out of the error', async () => {
  const peer = await stage.http((_request, response) => void response.end());
  const outcome = send(stage.transport(), peer.url, { headers: { authorization: 'Bearer s3cr\net' } });
  await expect(outcome).rejects.toMatchObject({
    kind: 'invalid-request',
    delivery: 'not-sent',
    phase: 'acquire',
  });
  await expect(outcome).rejects.not.toThrow(/s3cr/);
});
