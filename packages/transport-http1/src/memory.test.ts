import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { fromBytes, POOLED, type RequestBody } from '@ferry/core';
import { expect, test } from 'vitest';
import { Stage, send, textOf, until } from './testing/stage.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

test('a shared connection holds nothing of the uploads that it has carried', async () => {
  const stage = new Stage();
  const peer = await stage.http((request, response) => {
    request.resume().once('end', () => response.end('ok'));
  });
  const transport = stage.transport(POOLED);
  const bodies: WeakRef<RequestBody>[] = [];
  for (let upload = 0; upload < 20; upload++) {
    const body = fromBytes(Buffer.alloc(1_000));
    bodies.push(new WeakRef(body));
    await textOf(await send(transport, peer.url, { body }));
  }
  expect(transport.stats().live).toBe(1);
  // The last one may still be named by a register or a stack slot.
  const held = () => bodies.slice(0, -5).filter((body) => body.deref() !== undefined).length;
  await until(() => {
    collect();
    return held() === 0;
  });
  await stage.strike();
});
