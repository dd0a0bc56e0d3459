import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { certificate } from '../testing/certificate.ts';
import { World } from '../testing/world.ts';

const world = new World();

const endedWith = (left: { live: number; spare: number; connecting: number }) => ({
  code: 0,
  signal: null,
  left,
});

it.each([
  ['POOLED', { live: 1, spare: 0, connecting: 0 }],
  ['PREWARMED', { live: 1, spare: 1, connecting: 0 }],
])('an unused %s connection that is live does not keep a process alive', async (profile, left) => {
  const server = await world.server();
  expect(await exitOf(profile, server.url)).toEqual(endedWith(left));
});

it('a spare that never gets ready does not keep a process alive', async () => {
  const server = await world.server();
  const gate = await onlyFirst(server.url);
  try {
    expect(await exitOf('stuck', gate.url)).toEqual(endedWith({ live: 0, spare: 0, connecting: 1 }));
  } finally {
    await gate.end();
  }
});

// Node takes a new handle for each address after the first, and forgets that the socket was not to keep the process.
it('nor does a connection that was prepared, while the second address of its host is tried', async () => {
  const path = await world.path({ url: new URL('https://127.0.0.1:1/') });
  path.dark = true;
  expect(await exitOf('prepare', path.url)).toEqual(endedWith({ live: 0, spare: 0, connecting: 1 }));
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

/** How a process ends by itself, and the connections it leaves. */
async function exitOf(what: string, url: URL): Promise<{ code: unknown; signal: unknown; left: unknown }> {
  const { cert } = await certificate();
  const script = fileURLToPath(new URL('../testing/exit-child.ts', import.meta.url));
  const child = spawn(process.execPath, ['--conditions=@ferry/source', script, what, url.href], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, CA: cert },
  });
  const watchdog = setTimeout(() => child.kill('SIGKILL'), 20_000);
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  const [code, signal] = await once(child, 'close');
  clearTimeout(watchdog);
  return { code, signal, left: output === '' ? undefined : JSON.parse(output) };
}
