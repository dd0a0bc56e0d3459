import tls from 'node:tls';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { FRESH } from '@ferry/core';
import { afterEach, expect, it, vi } from 'vitest';
import { failureOf, text, World } from '../testing/world.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

const world = new World();

afterEach(() => vi.restoreAllMocks());

it('thirty connections resume one TLS session after another, although garbage is collected between them', async () => {
  const server = await world.server();
  const subject = await world.transport(FRESH);
  for (let i = 0; i < 30; i += 1) {
    await text(await subject.send(server));
    // What a WeakRef holds lives to the end of the turn in which it was last looked at.
    await new Promise((resolve) => setImmediate(resolve));
    collect();
  }
  expect(server.accepted()).toBe(30);
  expect(server.resumed()).toBeGreaterThanOrEqual(28);
});

it('certificates are parsed once for all connections of a transport', async () => {
  const server = await world.server();
  const parsed = vi.spyOn(tls, 'createSecureContext');
  const subject = await world.transport(FRESH);
  for (let i = 0; i < 3; i += 1) await text(await subject.send(server));
  expect(parsed).toHaveBeenCalledTimes(1);
  const other = await world.transport(FRESH, { tls: {} });
  for (let i = 0; i < 2; i += 1) expect(await failureOf(other.send(server))).toMatchObject({ kind: 'tls' });
  expect(parsed).toHaveBeenCalledTimes(2);
});
