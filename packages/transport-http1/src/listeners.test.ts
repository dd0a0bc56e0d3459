import { listenersDuring } from '@ferry/core/testing';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { makeCertificate } from './testing/certificate.ts';
import { Stage, send, textOf } from './testing/stage.ts';

let stage: Stage;
beforeEach(() => {
  stage = new Stage();
});
afterEach(() => stage.strike());

test("no listener on a connection's socket returns anything, but one of Node's own", async () => {
  const certificate = await makeCertificate();
  const peer = await stage.http((_request, response) => response.end('ok'), certificate);
  const heard = await listenersDuring(async () => {
    const transport = stage.transport({}, { tls: { ca: certificate.cert } });
    for (let i = 0; i < 2; i += 1) await textOf(await send(transport, peer.url));
    await transport.close();
  });
  const events = heard.map(({ event }) => event);
  expect(events).toEqual(expect.arrayContaining(['connectionAttempt', 'secureConnect', 'close']));
  // net.js, `destroySoon`: once('finish', this.destroy).
  const returning = heard.filter(({ event, returned }) => returned && event !== 'finish');
  expect(returning).toEqual([]);
});
