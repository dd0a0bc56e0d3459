import { spawn } from 'node:child_process';
import { channel } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { FRESH, POOLED, PREWARMED } from '@ferry/core';
import { expect, it } from 'vitest';
import { certificate } from '../testing/certificate.ts';
import { failureOf, text, World } from '../testing/world.ts';

const world = new World();

/** TLS that begins and never ends. */
const NO_HANDSHAKE = { SNICallback: () => undefined };

it('a closed transport refuses new work', async () => {
  const subject = await world.transport(POOLED);
  await subject.transport.close();
  const error = await failureOf(subject.send({ url: new URL('https://127.0.0.1:1/') }));
  expect(error).toMatchObject({ kind: 'closed', phase: 'acquire', delivery: 'not-sent' });
});

it('closing lets running exchanges finish within the grace', async () => {
  const server = await world.server();
  const subject = await world.transport(POOLED);
  await text(await subject.send(server));
  const running = subject.send(server).then(text);
  await expect.poll(() => subject.transport.stats().streams).toBe(1);
  await subject.transport.close({ graceMs: 10_000 });
  expect(await running).toBe('10');
});

it('closing without grace ends what runs, waits and connects', async () => {
  const peer = await world.peer((connection) => connection.settings());
  const subject = await world.transport({ ...POOLED, maxConnections: 1, maxStreams: 1 });
  const running = failureOf(subject.send(peer));
  const waiting = failureOf(subject.send(peer));
  await expect.poll(() => peer.connections[0]?.sawEndStream(1)).toBe(true);
  await subject.transport.close();
  expect(await running).toMatchObject({ kind: 'closed', phase: 'headers', delivery: 'unknown' });
  expect(await waiting).toMatchObject({ kind: 'closed', phase: 'acquire', delivery: 'not-sent' });
});

it('closing while it connects ends the connection and the request', async () => {
  const peer = await world.peer(() => undefined, NO_HANDSHAKE);
  const subject = await world.transport(FRESH);
  const sending = failureOf(subject.send(peer));
  await expect.poll(() => peer.openSockets()).toBe(1);
  await subject.transport.close();
  expect(await sending).toMatchObject({ kind: 'closed', phase: 'connect', delivery: 'not-sent' });
});

it('the grace ends: what still runs is destroyed', async () => {
  const peer = await world.peer((connection) => connection.settings());
  const subject = await world.transport(POOLED);
  const running = failureOf(subject.send(peer));
  await expect.poll(() => peer.connections[0]?.sawEndStream(1)).toBe(true);
  await subject.transport.close({ graceMs: 100 });
  expect(await running).toMatchObject({ kind: 'closed', delivery: 'unknown' });
});

it('closing is idempotent', async () => {
  const server = await world.server();
  const subject = await world.transport(PREWARMED);
  await text(await subject.send(server));
  await Promise.all([subject.transport.close(), subject.transport.close({ graceMs: 1_000 })]);
  await subject.transport.close();
  expect(subject.transport.connections()).toEqual([]);
});

it('nobody is subscribed to a diagnostics channel', async () => {
  const server = await world.server();
  const subject = await world.transport(POOLED);
  await text(await subject.send(server));
  const names = ['undici:client:connected', 'http2.client.stream.created', 'http2.client.stream.close'];
  expect(names.filter((name) => channel(name).hasSubscribers)).toEqual([]);
});

/** Passes the first connection on and leaves the others hanging in their TLS handshake. */
async function onlyFirst(to: URL): Promise<{ url: URL; end(): Promise<void> }> {
  const sockets: Socket[] = [];
  const gate = createServer((client) => {
    client.on('error', () => undefined);
    if (sockets.push(client) > 1) return;
    const upstream = connect(Number(to.port), '127.0.0.1');
    upstream.on('error', () => undefined);
    sockets.push(upstream);
    client.pipe(upstream).pipe(client);
  });
  gate.listen(0, '127.0.0.1');
  await once(gate, 'listening');
  const { port } = gate.address() as AddressInfo;
  return {
    url: new URL(`https://localhost:${port}/`),
    async end() {
      gate.close();
      for (const socket of sockets) socket.destroy();
      await once(gate, 'close');
    },
  };
}

it('a spare that never gets ready does not keep a process alive', async () => {
  const server = await world.server();
  const gate = await onlyFirst(server.url);
  try {
    expect(await exitOf('PREWARMED', gate.url)).toEqual({ code: 0, signal: null, output: '200' });
  } finally {
    await gate.end();
  }
});

it.each(['POOLED', 'PREWARMED'])('unused %s connections do not keep a process alive', async (profile) => {
  const server = await world.server();
  expect(await exitOf(profile, server.url)).toEqual({ code: 0, signal: null, output: '200' });
});

/** How a process ends by itself that sends one request and leaves its connections open. */
async function exitOf(
  profile: string,
  url: URL,
): Promise<{ code: number | null; signal: string | null; output: string }> {
  const { cert } = await certificate();
  const script = fileURLToPath(new URL('../testing/exit-child.ts', import.meta.url));
  const child = spawn(process.execPath, ['--conditions=@ferry/source', script, profile, url.href], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, CA: cert },
  });
  const watchdog = setTimeout(() => child.kill('SIGKILL'), 20_000);
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  clearTimeout(watchdog);
  return { code, signal, output };
}
