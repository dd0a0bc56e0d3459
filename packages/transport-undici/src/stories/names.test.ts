import dns from 'node:dns';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { FRESH } from '@ferry/core';
import { afterEach, expect, it, vi } from 'vitest';
import { failureOf, text, World } from '../testing/world.ts';

const world = new World();

afterEach(() => vi.restoreAllMocks());

/** Where nobody listens any more. */
async function deserted(): Promise<{ url: URL }> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return { url: new URL(`https://localhost:${port}/`) };
}

it('the name of an upstream is resolved once for many connections', async () => {
  const server = await world.server();
  const asked = vi.spyOn(dns, 'lookup');
  const subject = await world.transport(FRESH);
  await text(await subject.send(server));
  await text(await subject.send(server));
  expect(server.accepted()).toBe(2);
  expect(asked).toHaveBeenCalledTimes(1);
});

it('the name of an upstream that could not be reached is resolved anew', async () => {
  const nobody = await deserted();
  const asked = vi.spyOn(dns, 'lookup');
  const subject = await world.transport(FRESH);
  for (const times of [1, 2]) {
    expect(await failureOf(subject.send(nobody))).toMatchObject({ kind: 'connect' });
    expect(asked).toHaveBeenCalledTimes(times);
  }
});
