import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { makeCertificate } from './testing/certificate.ts';
import { Stage } from './testing/stage.ts';

let stage: Stage;
beforeEach(() => {
  stage = new Stage();
});
afterEach(() => stage.strike());

test('a spare that is ready does not keep a process alive', async () => {
  const certificate = await makeCertificate();
  const peer = await stage.http((_request, response) => response.end('ok'), certificate);
  expect(await exitOf(peer.url, certificate.cert)).toEqual({
    code: 0,
    signal: null,
    left: { live: 1, spare: 1, connecting: 0 },
  });
});

test('nor does a connection that was prepared, while the second address of its host is tried', async () => {
  const peer = await stage.raw((socket) => socket.resume());
  expect(await exitOf(new URL(`https://${peer.url.host}/`))).toEqual({
    code: 0,
    signal: null,
    left: { live: 0, spare: 0, connecting: 1 },
  });
});

/** How a process ends by itself, and the connections it leaves. */
async function exitOf(url: URL, ca?: string): Promise<{ code: unknown; signal: unknown; left: unknown }> {
  const script = fileURLToPath(new URL('./testing/exit-child.ts', import.meta.url));
  const child = spawn(process.execPath, ['--conditions=@ferry/source', script, url.href], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...(ca !== undefined && { CA: ca }) },
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
