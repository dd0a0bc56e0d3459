import tls, { type TLSSocket } from 'node:tls';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { FRESH } from '@ferry/core';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { makeCertificate } from './testing/certificate.ts';
import { Stage, send, textOf } from './testing/stage.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

let stage: Stage;
beforeEach(() => {
  stage = new Stage();
});
afterEach(async () => {
  vi.restoreAllMocks();
  await stage.strike();
});

test('thirty connections resume one TLS session after another, although garbage is collected between them', async () => {
  const certificate = await makeCertificate();
  const resumed: boolean[] = [];
  const peer = await stage.http((request, response) => {
    resumed.push((request.socket as TLSSocket).isSessionReused());
    response.end('ok');
  }, certificate);
  const transport = stage.transport(FRESH, { tls: { ca: certificate.cert } });
  for (let i = 0; i < 30; i += 1) {
    await textOf(await send(transport, peer.url));
    // What a WeakRef holds lives to the end of the turn in which it was last looked at.
    await new Promise((resolve) => setImmediate(resolve));
    collect();
  }
  expect(peer.accepted).toBe(30);
  expect(resumed.filter(Boolean).length).toBeGreaterThanOrEqual(28);
});

test('certificates are parsed once for all connections of a transport', async () => {
  const certificate = await makeCertificate();
  const peer = await stage.http((_request, response) => response.end('ok'), certificate);
  const parsed = vi.spyOn(tls, 'createSecureContext');
  const transport = stage.transport(FRESH, { tls: { ca: certificate.cert } });
  for (let i = 0; i < 3; i += 1) await textOf(await send(transport, peer.url));
  expect(parsed).toHaveBeenCalledTimes(1);
});
