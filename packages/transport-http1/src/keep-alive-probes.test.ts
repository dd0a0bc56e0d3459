import { readFile } from 'node:fs/promises';
import { POOLED, type ReusePolicy } from '@ferry/core';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Stage, send, textOf } from './testing/stage.ts';

let stage: Stage;
beforeEach(() => {
  stage = new Stage();
});
afterEach(() => stage.strike());

interface KernelTimer {
  readonly kind: string;
  readonly inMs: number;
}

/** proc(5): data is on its way whose acknowledgement is still to come, as it may be for some milliseconds on a busy machine. */
const RETRANSMISSION = '01';
const KEEP_ALIVE = '02';

/** What the kernel will do next on the socket of a local port: proc(5), `tr` and `tm->when` of /proc/net/tcp. */
async function timerOf(localPort: number): Promise<KernelTimer> {
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
  return { kind, inMs: Number.parseInt(ticks, 16) * 10 };
}

/** The kernel's timer of the one connection, after it has carried two uploads and everything is acknowledged. */
async function timerAfterTwo(policy: ReusePolicy): Promise<KernelTimer> {
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
  return vi.waitFor(async () => {
    const timer = await timerOf(socket?.remotePort ?? 0);
    expect(timer.kind).not.toBe(RETRANSMISSION);
    return timer;
  });
}

describe.runIf(process.platform === 'linux')(
  'the kernel probes a connection that has been used again',
  () => {
    test.each([
      ['proveAfterIdleMs after it was last heard', 600_000, 60_000],
      ['proveAfterIdleMs after it was last heard, another value', 60_000, 1_000],
      ['a second after it was last heard at the earliest', 5, 0],
    ])('%s (%d ms)', async (_, proveAfterIdleMs, later) => {
      const { kind, inMs } = await timerAfterTwo({ ...POOLED, maxIdleMs: 9e6, proveAfterIdleMs });
      expect(kind).toBe(KEEP_ALIVE);
      expect(inMs).toBeGreaterThan(later);
      expect(inMs).toBeLessThanOrEqual(Math.max(1_000, proveAfterIdleMs));
    });

    test('never when proveAfterIdleMs is infinite', async () => {
      const policy = { ...POOLED, proveAfterIdleMs: Number.POSITIVE_INFINITY };
      expect((await timerAfterTwo(policy)).kind).not.toBe(KEEP_ALIVE);
    });
  },
);
