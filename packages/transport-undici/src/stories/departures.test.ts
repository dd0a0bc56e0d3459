import { fromFactory, POOLED } from '@ferry/core';
import { expect, it } from 'vitest';
import { CODE, type RawConnection } from '../testing/raw-peer.ts';
import { failureOf, text, World } from '../testing/world.ts';

const world = new World();

const STREAMS = [1, 3, 5, 7];

/** Requests whose HEADERS have come. */
const asked = (connection: RawConnection | undefined): number[] =>
  STREAMS.concat(9, 11, 13, 15).filter((id) => connection?.sawEndStream(id));

it('what follows the answers of one read leaves together, when all of them are dealt with', async () => {
  const peer = await world.peer((connection) => connection.settings());
  const subject = await world.transport(POOLED);
  await subject.transport.prepare?.(peer.url);
  await expect.poll(() => subject.transport.stats().live).toBe(1);
  const story: string[] = [];
  const upload = async (name: string): Promise<void> => {
    const body = fromFactory(async function* () {
      story.push(`${name} leaves`);
      yield new Uint8Array(10);
    }, 10);
    await text(await subject.send(peer, { body }));
    story.push(`${name} is answered`);
  };
  const uploading = STREAMS.map(async (id) => {
    await upload(`first ${id}`);
    await upload('second');
  });
  await expect.poll(() => asked(peer.connections[0])).toEqual(STREAMS);

  story.length = 0;
  const [connection] = peer.connections;
  connection?.on('whole', (id: number) => connection.answer(id));
  connection?.socket.cork();
  for (const id of STREAMS) connection?.answer(id);
  connection?.socket.uncork();
  await Promise.all(uploading);
  expect(story.slice(0, 4)).toEqual(STREAMS.map((id) => `first ${id} is answered`));
  expect(story.slice(4, 8)).toEqual(Array(4).fill('second leaves'));
});

it('aborted in the turn in which it came, a request beside others has provably left nothing', async () => {
  const peer = await world.peer((connection) => connection.settings());
  const subject = await world.transport(POOLED);
  const first = subject.send(peer);
  await expect.poll(() => peer.connections[0]?.sawEndStream(1)).toBe(true);

  const controller = new AbortController();
  const second = failureOf(subject.send(peer, { signal: controller.signal }));
  controller.abort();
  expect(await second).toMatchObject({ kind: 'aborted', delivery: 'not-sent', exchange: { bytesSent: 0 } });

  // The connection is none the worse: the next request is the next stream on it.
  const third = subject.send(peer);
  await expect.poll(() => peer.connections[0]?.sawEndStream(3)).toBe(true);
  for (const id of [1, 3]) peer.connections[0]?.answer(id);
  expect([await text(await first), await text(await third)]).toEqual(['ok', 'ok']);
  expect(asked(peer.connections[0])).toEqual([1, 3]);
});

it('closed in that turn, the transport turns it away, and has sent nothing of it', async () => {
  const peer = await world.peer((connection) => connection.settings());
  const subject = await world.transport(POOLED);
  const first = failureOf(subject.send(peer));
  await expect.poll(() => peer.connections[0]?.sawEndStream(1)).toBe(true);

  const second = failureOf(subject.send(peer));
  await subject.transport.close();
  expect(await second).toMatchObject({ kind: 'closed', delivery: 'not-sent' });
  expect(await first).toMatchObject({ kind: 'closed', delivery: 'unknown' });
  expect(asked(peer.connections[0])).toEqual([1]);
});

it('a GOAWAY that is read in that turn keeps the request off the wire', async () => {
  const peer = await world.peer((connection) => connection.settings());
  const subject = await world.transport(POOLED);
  await subject.transport.prepare?.(peer.url);
  await expect.poll(() => subject.transport.stats().live).toBe(1);
  const first = subject.send(peer);
  const beside = subject.send(peer);
  await expect.poll(() => asked(peer.connections[0])).toEqual([1, 3]);

  const next = first.then(async (response) => {
    await text(response);
    return await failureOf(subject.send(peer));
  });
  const [connection] = peer.connections;
  connection?.socket.cork();
  connection?.answer(1);
  connection?.goaway(3, CODE.NO_ERROR);
  connection?.answer(3);
  connection?.socket.uncork();
  expect(await next).toMatchObject({ kind: 'goaway', delivery: 'not-sent', exchange: { bytesSent: 0 } });
  expect(await text(await beside)).toBe('ok');
  expect(asked(connection)).toEqual([1, 3]);
});
