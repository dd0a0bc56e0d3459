/** What `ferry doctor` says, held against servers whose configuration is known. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  findBinary,
  haproxyServer,
  nginxServer,
  openSink,
  RealServer,
  type ServerKind,
} from '@ferry/real-peers';
import { tcpProxy } from '@ferry/upstream-sim/peers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const MAIN = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const nginx = findBinary('nginx');
const haproxy = findBinary('haproxy');

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ferry-doctor-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

interface Said {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function doctor(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Said> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [MAIN, 'doctor', ...args],
      { cwd: folder, env: { PATH: process.env.PATH, ...env }, timeout: 60_000 },
      (error, stdout, stderr) => resolve({ code: Number(error?.code ?? 0), stdout, stderr }),
    );
  });
}

interface Seen {
  readonly findings: readonly { readonly what: string; readonly verdict: string; readonly seen: string }[];
  readonly facts: {
    readonly alpn?: string;
    readonly h2?: {
      readonly streamWindow: number;
      readonly connectionWindow: number;
      readonly maxStreams?: number;
    };
  };
  readonly recommendation: { readonly settings: Readonly<Record<string, unknown>> } | null;
}

async function look(url: string, caPem: string): Promise<Seen & { readonly code: number }> {
  await writeFile(join(folder, 'ca.pem'), caPem);
  const provider = { name: 'upstream', base_url: url, models: ['m'], keys: ['env:KEY'], ca_file: 'ca.pem' };
  const { code, stdout } = await doctor(['--json'], {
    FERRY_PROVIDER: JSON.stringify([provider]),
    KEY: 'secret-key',
  });
  expect(stdout).not.toContain('secret-key');
  const { upstreams } = JSON.parse(stdout) as { upstreams: readonly Seen[] };
  expect(upstreams).toHaveLength(1);
  return { ...(upstreams[0] as Seen), code };
}

async function lookAtServer(kind: ServerKind): Promise<Seen & { readonly code: number }> {
  await using server = await RealServer.start(kind);
  return await look(server.url.origin, server.caPem);
}

test('of the simulator: HTTP/2 with a wide window, and what fits', async () => {
  const { code, stdout, stderr } = await doctor([]);
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).toMatch(/^simulator {2}https:\/\//m);
  expect(stdout).toMatch(/ok +ALPN +h2$/m);
  expect(stdout).toMatch(/ok +HTTP\/2 .*window 1048576 bytes a stream and \d+ a connection.*; 128 streams$/m);
  expect(stdout).toMatch(/fits: upload\.transport = "auto"/);
});

describe.runIf(nginx.found)('of nginx', () => {
  test('the windows and the streams that it announces', async () => {
    await using origin = await openSink();
    const { code, facts, recommendation } = await lookAtServer(
      nginxServer(nginx, origin, ['http2_max_concurrent_streams 32;']),
    );
    expect(code).toBe(0);
    expect(facts.alpn).toBe('h2');
    // http2_body_preread_size is 64k by default; the connection's window is 2^31 - 1.
    expect(facts.h2).toMatchObject({ streamWindow: 65_536, connectionWindow: 2 ** 31 - 1, maxStreams: 32 });
    expect(recommendation?.settings['upload.transport']).toBe('auto');
  });

  test('that its window is too narrow for the distance', async () => {
    await using origin = await openSink();
    await using server = await RealServer.start(nginxServer(nginx, origin, []));
    const road = { delayMs: 30 };
    const line = await tcpProxy({ to: server.url, toUpstream: road, toClient: road });
    try {
      const { findings, recommendation } = await look(line.url.origin, server.caPem);
      expect(findings).toContainEqual(expect.objectContaining({ what: 'HTTP/2', verdict: 'note' }));
      expect(recommendation?.settings['upload.transport']).toBe('http1');
    } finally {
      await line.close();
    }
  });
});

describe.runIf(haproxy.found)('of HAProxy', () => {
  test('HTTP/2 with the window that the protocol starts with', async () => {
    await using origin = await openSink();
    const { code, facts } = await lookAtServer(haproxyServer(haproxy, origin));
    expect(code).toBe(0);
    expect(facts).toMatchObject({ alpn: 'h2', h2: { streamWindow: 65_535, maxStreams: 100 } });
  });
});

test('what cannot be reached or trusted is a problem, and an exit code', async () => {
  await using origin = await openSink();
  const closed = await look('https://127.0.0.1:1', 'x-----BEGIN CERTIFICATE-----');
  expect(closed.code).toBe(1);
  expect(closed.findings.at(-1)).toMatchObject({ what: 'TCP', verdict: 'problem' });
  if (!nginx.found) return;
  await using server = await RealServer.start(nginxServer(nginx, origin, []));
  await using other = await RealServer.start(nginxServer(nginx, origin, []));
  const stranger = await look(server.url.origin, other.caPem);
  expect(stranger.code).toBe(1);
  expect(stranger.findings.at(-1)).toMatchObject({ what: 'TLS', verdict: 'problem' });
  expect(stranger.recommendation).toBeNull();
});
