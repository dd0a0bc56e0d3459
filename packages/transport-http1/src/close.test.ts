import { FRESH, POOLED, PREWARMED } from '@ferry/core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ManualClock } from './testing/manual-clock.ts';
import { onHead } from './testing/peer.ts';
import { failureOf, Stage, send, textOf, until } from './testing/stage.ts';

let stage: Stage;
beforeEach(() => {
  stage = new Stage();
});
afterEach(() => stage.strike());

test('a closed transport refuses new work', async () => {
  const transport = stage.transport();
  await transport.close();
  const error = await failureOf(send(transport, new URL('http://localhost:1/')));
  expect(error).toMatchObject({ kind: 'closed', phase: 'acquire', delivery: 'not-sent' });
});

test('close may be called again, and waits for the same end', async () => {
  const peer = await stage.http((_request, response) => void response.end('ok'));
  const transport = stage.transport(POOLED);
  await textOf(await send(transport, peer.url));
  await Promise.all([transport.close(), transport.close({ graceMs: 10_000 }), transport.close()]);
  await transport.close();
  await peer.empty();
});

test('close without grace ends what runs and what waits, each told where it was', async () => {
  const heads: string[] = [];
  const peer = await stage.raw((socket) => onHead(socket, (head) => heads.push(head)));
  const transport = stage.transport({ ...POOLED, maxConnections: 1 });
  const running = failureOf(send(transport, peer.url, { body: 'a' }));
  await until(() => heads.length === 1);
  const waiting = failureOf(send(transport, peer.url, { body: 'b' }));
  await transport.close();
  expect(await running).toMatchObject({ kind: 'closed', phase: 'headers', delivery: 'unknown' });
  expect(await waiting).toMatchObject({ kind: 'closed', phase: 'acquire', delivery: 'not-sent' });
});

test.each([
  ['FRESH', FRESH],
  ['PREWARMED', PREWARMED],
  ['POOLED', POOLED],
] as const)(
  'within the grace %s exchanges finish, also those that wait for a place',
  async (_profile, policy) => {
    const answers: (() => void)[] = [];
    const peer = await stage.http((_request, response) => void answers.push(() => response.end('ok')));
    const clock = new ManualClock();
    const transport = stage.transport({ ...policy, maxConnections: 2 }, { clock });
    const texts = ['a', 'b', 'c', 'd'].map(async (body) => textOf(await send(transport, peer.url, { body })));
    await until(() => answers.length === 2);
    const closed = transport.close({ graceMs: 60_000 });
    for (let answered = 0; answered < 4; answered++) {
      await until(() => answers.length > answered);
      answers[answered]?.();
    }
    expect(await Promise.all(texts)).toEqual(['ok', 'ok', 'ok', 'ok']);
    await closed;
    expect(clock.pending).toBe(0);
    expect(peer.accepted).toBe(policy.maxUses === 1 ? 4 : 2);
  },
);

test('when the grace ends the rest is destroyed', async () => {
  const clock = new ManualClock();
  let asked = false;
  const peer = await stage.http(() => {
    asked = true;
  });
  const transport = stage.transport(POOLED, { clock });
  const outcome = failureOf(send(transport, peer.url, { body: 'image' }));
  await until(() => asked);
  const closed = transport.close({ graceMs: 5_000 });
  expect(transport.stats()).toMatchObject({ live: 0, retired: 1, streams: 1 });
  clock.advance(5_000);
  expect(await outcome).toMatchObject({ kind: 'closed', delivery: 'unknown' });
  await closed;
  expect(clock.pending).toBe(0);
});

test('a second close may cut the grace short', async () => {
  let asked = false;
  const peer = await stage.http(() => {
    asked = true;
  });
  const clock = new ManualClock();
  const transport = stage.transport(POOLED, { clock });
  const outcome = failureOf(send(transport, peer.url, { body: 'image' }));
  await until(() => asked);
  const patient = transport.close({ graceMs: 60_000 });
  await transport.close();
  await patient;
  expect(await outcome).toMatchObject({ kind: 'closed' });
  expect(clock.pending).toBe(0);
});

test('closing while connections are being opened leaves none', async () => {
  const peer = await stage.raw((socket) => socket.resume());
  const transport = stage.transport({ ...PREWARMED, spares: 4 });
  const url = new URL(`https://${peer.url.host}/`);
  const outcomes = [1, 2, 3].map(() => failureOf(send(transport, url)));
  await until(() => peer.accepted > 0);
  await transport.close();
  for (const error of await Promise.all(outcomes)) {
    expect(error).toMatchObject({ kind: 'closed', phase: 'connect', delivery: 'not-sent' });
  }
  await peer.empty();
});
