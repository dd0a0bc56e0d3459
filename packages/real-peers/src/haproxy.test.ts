import { POOLED, PREWARMED } from '@ferry/core';
import { describe, expect, test } from 'vitest';
import { AGREED, audit } from './support/audit.ts';
import { findBinary } from './support/binary.ts';
import { haproxyServer, readHaproxyLog, refusedByGoaway } from './support/haproxy.ts';
import { RealServer } from './support/real-server.ts';
import { openSink } from './support/sink-behind.ts';
import { PATIENCE_MS, play } from './support/story.ts';
import { openUploadClient } from './support/upload-client.ts';

const haproxy = findBinary('haproxy');

const H2_POOLED = { protocol: 'h2', policy: POOLED } as const;
const H2_ROADS = [
  { what: 'HTTP/2, pooled', road: H2_POOLED },
  { what: 'HTTP/2, prewarmed', road: { protocol: 'h2', policy: PREWARMED } },
] as const;
const FILE = new Uint8Array(10_000).fill(7);

describe.runIf(haproxy.found)('HAProxy', { timeout: PATIENCE_MS }, () => {
  test.each([
    { what: 'HTTP/2, pooled', road: H2_POOLED, uploads: 1_000 },
    { what: 'HTTP/2, prewarmed', road: { protocol: 'h2', policy: PREWARMED }, uploads: 1_000 },
    { what: 'HTTP/1.1, pooled', road: { protocol: 'http/1.1', policy: POOLED }, uploads: 1_000 },
  ] as const)('$uploads uploads arrive while it is reloaded again and again ($what)', async (row) => {
    await using origin = await openSink();
    await using server = await RealServer.start(haproxyServer(haproxy, origin));
    const traffic = await play({
      ...row,
      name: `HAProxy, reloads, ${row.what}`,
      server,
      disturbance: { every: row.uploads / 10, by: () => server.replace() },
    });
    await server.stop();
    expect(audit(traffic, await readHaproxyLog(server), refusedByGoaway)).toEqual(AGREED);
    expect(audit(traffic, origin.sink.seen, refusedByGoaway)).toEqual(AGREED);
    expect(traffic.disturbances).toBe(9);
  });

  test.each(H2_ROADS)(
    'a thousand uploads arrive while it is killed and started again and again ($what)',
    async (row) => {
      await using origin = await openSink();
      await using server = await RealServer.start(haproxyServer(haproxy, origin));
      const traffic = await play({
        ...row,
        name: `HAProxy, restarts, ${row.what}`,
        server,
        uploads: 1_000,
        disturbance: { every: 200, by: () => server.restart() },
      });
      // What a killed process had not written is in no log: the origin's list is the whole one.
      expect(audit(traffic, origin.sink.seen, refusedByGoaway)).toEqual(AGREED);
      expect(traffic.disturbances).toBe(4);
    },
  );

  test.each(H2_ROADS)(
    'a thousand uploads arrive while the origin behind it is killed and started again and again ($what)',
    async (row) => {
      await using origin = await openSink();
      await using server = await RealServer.start(haproxyServer(haproxy, origin));
      const traffic = await play({
        ...row,
        name: `HAProxy, origin restarts, ${row.what}`,
        server,
        uploads: 1_000,
        disturbance: { every: 200, by: () => origin.sink.restart() },
      });
      expect(audit(traffic, origin.sink.seen, refusedByGoaway)).toEqual(AGREED);
      expect(traffic.disturbances).toBe(4);
    },
  );

  test('its REFUSED_STREAM is no proof: the origin may have done the work', async () => {
    await using origin = await openSink();
    await using server = await RealServer.start(haproxyServer(haproxy, origin));
    await using client = openUploadClient(server, H2_POOLED);
    await client.upload('upload-0', FILE);
    origin.sink.dieAfterWork();
    const { attempts } = await client.upload('upload-1', FILE);
    expect(attempts.map(({ error }) => error?.h2Code)).toEqual(['REFUSED_STREAM', undefined]);
    expect(origin.sink.seen.map(({ key, processed }) => [key, processed])).toEqual([
      ['upload-0/1', true],
      ['upload-1/1', true],
      ['upload-1/2', true],
    ]);
  });
});
