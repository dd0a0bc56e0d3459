import { readFile } from 'node:fs/promises';
import { POOLED, type ReusePolicy } from '@ferry/core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Stage, send, textOf } from './testing/stage.ts';

let stage: Stage;
beforeEach(() => {
  stage = new Stage();
});
afterEach(() => stage.strike());

/** What the kernel will do next on the socket of a local port: proc(5), `tr` and `tm->when` of /proc/net/tcp. */
async function timerOf(localPort: number): Promise<{ keepAlive: boolean; inMs: number }> {
  const tables = await Promise.all(['/proc/net/tcp', '/proc/net/tcp6'].map((path) => readFile(path, 'utf8')));
  const port = `:${localPort.toString(16).toUpperCase().padStart(4, '0')}`;
  const line = tables
    .join('\n')
    .split('\n')
    .map((text) => text.trim().split(/\s+/))
    .find(([, local]) => local?.endsWith(port));
  const [kind, ticks] = line?.[5]?.split(':') ?? [];
  if (kind === undefined || ticks === undefined) throw new Error(`no socket has the port ${localPort}`);
  // In hundredths of a second, whatever the kernel's own tick (USER_HZ).
  return { keepAlive: kind === '02', inMs: Number.parseInt(ticks, 16) * 10 };
}

/** The kernel's timer of the one connection, after it has carried two uploads. */
async function timerAfterTwo(policy: ReusePolicy) {
  const peer = await stage.http(
    (request, response) => void request.resume().once('end', () => response.end('ok')),
  );
  const transport = stage.transport(policy);
  for (const reused of [false, true]) {
    const response = await send(transport, peer.url, { body: 'image' });
    expect(await textOf(response)).toBe('ok');
    expect((await response.done).connectionReused).toBe(reused);
  }
  const [socket] = peer.sockets;
  return timerOf(socket?.remotePort ?? 0);
}

describe.runIf(process.platform === 'linux')(
  'the kernel probes a connection that has been used again',
  () => {
    test.each([
      ['proveAfterIdleMs after it was last heard', 600_000, 60_000],
      ['proveAfterIdleMs after it was last heard, another value', 60_000, 1_000],
      ['a second after it was last heard at the earliest', 5, 0],
    ])('%s (%d ms)', async (_, proveAfterIdleMs, later) => {
      const { keepAlive, inMs } = await timerAfterTwo({ ...POOLED, maxIdleMs: 9e6, proveAfterIdleMs });
      expect(keepAlive).toBe(true);
      expect(inMs).toBeGreaterThan(later);
      expect(inMs).toBeLessThanOrEqual(Math.max(1_000, proveAfterIdleMs));
    });

    test('never when proveAfterIdleMs is infinite', async () => {
      const policy = { ...POOLED, proveAfterIdleMs: Number.POSITIVE_INFINITY };
      expect(await timerAfterTwo(policy)).toMatchObject({ keepAlive: false });
    });
  },
);
