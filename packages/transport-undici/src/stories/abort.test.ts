import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { fromBytes, POOLED } from '@ferry/core';
import { expect, it } from 'vitest';
import { CODE, FRAME, type RawConnection } from '../testing/raw-peer.ts';
import { failureOf, text, World } from '../testing/world.ts';

const world = new World();

/** TLS that begins and never ends. */
const NO_HANDSHAKE = { SNICallback: () => undefined };
const silent = (connection: RawConnection) => connection.settings();

it('aborted before it began, a request opens nothing', async () => {
  const peer = await world.peer(silent);
  const subject = await world.transport(POOLED);
  const error = await failureOf(
    subject.send(peer, { signal: AbortSignal.abort(new Error('changed my mind')) }),
  );
  expect(error).toMatchObject({ kind: 'aborted', phase: 'acquire', delivery: 'not-sent' });
  expect(error.cause).toMatchObject({ message: 'changed my mind' });
  expect(peer.connections).toHaveLength(0);
});

it('aborted while it waits for a place, a request leaves the queue', async () => {
  const peer = await world.peer(silent);
  const subject = await world.transport({ ...POOLED, maxConnections: 1, maxStreams: 1 });
  const first = new AbortController();
  const second = new AbortController();
  const running = failureOf(subject.send(peer, { signal: first.signal }));
  const waiting = failureOf(subject.send(peer, { signal: second.signal }));
  await expect.poll(() => subject.transport.stats().streams).toBe(1);
  second.abort();
  expect(await waiting).toMatchObject({ kind: 'aborted', phase: 'acquire', delivery: 'not-sent' });
  expect(subject.transport.stats().waiting).toBe(0);
  first.abort();
  await running;
});

it('aborted while it connects, a single-use connection is given up', async () => {
  const peer = await world.peer(() => undefined, NO_HANDSHAKE);
  const subject = await world.transport({ ...POOLED, maxUses: 1 });
  const controller = new AbortController();
  const sending = failureOf(subject.send(peer, { signal: controller.signal }));
  await expect.poll(() => peer.openSockets()).toBe(1);
  controller.abort();
  expect(await sending).toMatchObject({ kind: 'aborted', phase: 'connect', delivery: 'not-sent' });
  await expect.poll(() => peer.openSockets()).toBe(0);
});

it('aborted in the middle of the upload, the upstream sees RST CANCEL and no end', async () => {
  const peer = await world.peer((connection) => {
    connection.settings();
    connection.grantWindow = false;
  });
  const subject = await world.transport(POOLED);
  const controller = new AbortController();
  const body = fromBytes(new Uint8Array(20 * 1024 * 1024));
  const sending = failureOf(subject.send(peer, { signal: controller.signal, body }));
  await expect.poll(() => peer.connections[0]?.received(1)).toBe(65_535);
  controller.abort();
  expect(await sending).toMatchObject({ kind: 'aborted', phase: 'request', delivery: 'unknown' });
  await peer.connections[0]?.until((f) => f.type === FRAME.RST_STREAM);
  expect(peer.connections[0]?.resetCode(1)).toBe(CODE.CANCEL);
  expect(peer.connections[0]?.sawEndStream(1)).toBe(false);
  expect(subject.of('retired').map((e) => e.reason)).toEqual(['interrupted']);
  await expect.poll(() => peer.openSockets()).toBe(0);
});

it('aborted while it waits for the answer, its fate is unknown', async () => {
  const peer = await world.peer(silent);
  const subject = await world.transport(POOLED);
  const controller = new AbortController();
  const sending = failureOf(subject.send(peer, { signal: controller.signal }));
  await expect.poll(() => peer.connections[0]?.sawEndStream(1)).toBe(true);
  controller.abort();
  expect(await sending).toMatchObject({ kind: 'aborted', phase: 'headers', delivery: 'unknown' });
});

it('aborted in the middle of the answer, the body fails', async () => {
  const peer = await world.peer((connection) => {
    connection.settings();
    connection.on('whole', (id: number) => {
      connection.headers(id, { ':status': '200' });
      connection.data(id, 'half a');
    });
  });
  const subject = await world.transport(POOLED);
  const controller = new AbortController();
  const response = await subject.send(peer, { signal: controller.signal });
  controller.abort();
  expect(await failureOf(text(response))).toMatchObject({
    kind: 'aborted',
    phase: 'body',
    delivery: 'answered',
  });
});

it('leaving the loop over the answer early cancels the exchange', async () => {
  const peer = await world.peer((connection) => {
    connection.settings();
    connection.on('whole', (id: number) => {
      connection.headers(id, { ':status': '200' });
      connection.data(id, 'half a');
    });
  });
  const subject = await world.transport(POOLED);
  const response = await subject.send(peer);
  for await (const chunk of response.body) {
    expect(chunk.byteLength).toBe(6);
    break;
  }
  expect((await response.done).bytesReceived).toBe(6);
  await expect.poll(() => peer.connections[0]?.resetCode(1)).toBe(CODE.CANCEL);
  expect(subject.transport.stats().streams).toBe(0);
});

it('an abort does not disturb a sibling on the same connection', async () => {
  const peer = await world.peer(silent);
  const subject = await world.transport({ ...POOLED, maxConnections: 1 });
  const controller = new AbortController();
  const aborted = failureOf(subject.send(peer, { signal: controller.signal }));
  const sibling = subject.send(peer).then(text);
  await expect.poll(() => peer.connections[0]?.sawEndStream(3)).toBe(true);
  controller.abort();
  await aborted;
  peer.connections[0]?.answer(3);
  expect(await sibling).toBe('ok');
});

it('a signal that outlives its requests keeps no listener of theirs', async () => {
  const server = await world.server();
  const subject = await world.transport(POOLED);
  const { signal } = new AbortController();
  const added: string[] = [];
  const removed: string[] = [];
  const add = signal.addEventListener.bind(signal);
  const remove = signal.removeEventListener.bind(signal);
  signal.addEventListener = (...args: Parameters<typeof add>) => {
    added.push(args[0]);
    add(...args);
  };
  signal.removeEventListener = (...args: Parameters<typeof remove>) => {
    removed.push(args[0]);
    remove(...args);
  };
  for (let i = 0; i < 3; i += 1) await text(await subject.send(server, { signal }));
  expect(added.length).toBeGreaterThanOrEqual(3);
  expect(removed).toEqual(added);
});

/** Runs aborts in a process of its own: where one goes wrong, it never comes back (see facts). */
it.each([
  ['20 MB in pieces', 'fresh', 20 * 1024 * 1024, 20, 40, 1, 'stalls'],
  ['20 MB in pieces', 'pooled', 20 * 1024 * 1024, 20, 40, 1, 'stalls'],
  ['20 MB in pieces', 'pooled', 20 * 1024 * 1024, 40, 40, 4, 'reads'],
  ['256 kB as one Buffer', 'fresh', 256 * 1024, 60, 12, 1, 'stalls'],
  ['256 kB as one Buffer', 'pooled', 256 * 1024, 200, 12, 1, 'stalls'],
  ['1 MB as one Buffer', 'pooled', 1024 * 1024, 200, 12, 4, 'reads'],
] as const)(
  'aborting %s on a %s connection neither hangs nor spins: %i B, %i of them within %i ms, %i at once, the peer %s',
  async (_, profile, size, count, latestMs, atOnce, peer) => {
    const child = spawn(
      process.execPath,
      [
        '--conditions=@ferry/source',
        fileURLToPath(new URL('../testing/abort-child.ts', import.meta.url)),
        profile,
        String(size),
        String(count),
        String(latestMs),
        String(atOnce),
        peer,
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const watchdog = setTimeout(() => child.kill('SIGKILL'), 20_000);
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
    const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
    clearTimeout(watchdog);
    expect({ code, signal }).toEqual({ code: 0, signal: null });
    const report = JSON.parse(output) as { outcomes: string[]; openSockets: number };
    expect(report.outcomes).toEqual(Array(count).fill('aborted'));
    expect(report.openSockets).toBe(0);
  },
);
