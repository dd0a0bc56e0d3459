import { FRESH, POOLED, PREWARMED, RequestFailure } from '@ferry/core';
import { describe, expect, test } from 'vitest';
import { AGREED, audit } from './support/audit.ts';
import { findBinary } from './support/binary.ts';
import { nginxServer, readNginxLog } from './support/nginx.ts';
import { RealServer } from './support/real-server.ts';
import { openSink } from './support/sink-behind.ts';
import { aroundIdle, aroundUnused, PATIENCE_MS, play } from './support/story.ts';
import { openUploadClient } from './support/upload-client.ts';

const nginx = findBinary('nginx');

const H2_POOLED = { protocol: 'h2', policy: POOLED } as const;
const H2_PREWARMED = { protocol: 'h2', policy: PREWARMED } as const;
const H1_POOLED = { protocol: 'http/1.1', policy: POOLED } as const;
const ROOM = 'client_max_body_size 4m;';

describe.runIf(nginx.found)('nginx', { timeout: PATIENCE_MS }, () => {
  test.each([
    { what: 'HTTP/2, pooled', road: H2_POOLED, requests: 20, connections: 50, retried: 1_000 },
    { what: 'HTTP/1.1, pooled', road: H1_POOLED, requests: 20, connections: 50, retried: 0 },
    // GOAWAY comes while the one upload of its connection is under way, which goes on.
    { what: 'HTTP/2, prewarmed', road: H2_PREWARMED, requests: 1, connections: 1_000, retried: 0 },
  ])('a thousand uploads arrive where keepalive_requests is $requests ($what)', async (row) => {
    await using origin = await openSink();
    await using server = await RealServer.start(
      nginxServer(nginx, origin, [ROOM, `keepalive_requests ${row.requests};`]),
    );
    const traffic = await play({
      ...row,
      name: `nginx, keepalive_requests ${row.requests}, ${row.what}`,
      server,
      uploads: 1_000,
    });
    await server.stop();
    expect(audit(traffic, await readNginxLog(server))).toEqual(AGREED);
    expect(audit(traffic, origin.sink.seen)).toEqual(AGREED);
    expect(traffic.connections).toBeGreaterThanOrEqual(row.connections);
    const retried = traffic.outcomes.filter(({ attempts }) => attempts.length > 1);
    expect(retried.length).toBeLessThanOrEqual(row.retried);
  });

  test.each([
    {
      what: 'HTTP/2, pooled',
      road: H2_POOLED,
      directive: 'keepalive_timeout 200ms;',
      restMs: aroundIdle(200),
    },
    {
      what: 'HTTP/1.1, pooled',
      road: H1_POOLED,
      directive: 'keepalive_timeout 200ms;',
      restMs: aroundIdle(200),
    },
    // A spare was never used. This one also bounds the time from a handshake to its request: more of it, for busy machines.
    {
      what: 'HTTP/2, prewarmed',
      road: H2_PREWARMED,
      directive: 'client_header_timeout 400ms;',
      restMs: aroundUnused(400),
    },
  ])(
    'a thousand uploads arrive although idle connections are closed as they are used again ($what)',
    async (row) => {
      await using origin = await openSink();
      await using server = await RealServer.start(nginxServer(nginx, origin, [ROOM, row.directive]));
      const traffic = await play({
        ...row,
        name: `nginx, ${row.directive} ${row.what}`,
        server,
        uploads: 1_000,
        atOnce: 32,
      });
      await server.stop();
      expect(audit(traffic, await readNginxLog(server))).toEqual(AGREED);
      expect(audit(traffic, origin.sink.seen)).toEqual(AGREED);
    },
  );

  test('a thousand uploads arrive where a connection takes one stream at a time', async () => {
    await using origin = await openSink();
    await using server = await RealServer.start(
      nginxServer(nginx, origin, [ROOM, 'http2_max_concurrent_streams 1;']),
    );
    const traffic = await play({
      name: 'nginx, one stream at a time, HTTP/2, pooled',
      server,
      road: H2_POOLED,
      uploads: 1_000,
      atOnce: 32,
    });
    await server.stop();
    expect(audit(traffic, await readNginxLog(server))).toEqual(AGREED);
    expect(traffic.outcomes.filter(({ attempts }) => attempts.length > 1)).toEqual([]);
  });

  test.each([
    { what: 'HTTP/2', road: H2_POOLED },
    { what: 'HTTP/1.1', road: H1_POOLED },
  ])('an upload that is too large is told so while it is under way ($what)', async (row) => {
    await using origin = await openSink();
    await using server = await RealServer.start(nginxServer(nginx, origin, ['client_max_body_size 100k;']));
    await using client = openUploadClient(server, row.road);
    const large = new Uint8Array(20 * 1024 * 1024);
    for (let number = 0; number < 10; number += 1) {
      const failure: unknown = await client
        .upload(`upload-${number}`, large)
        .catch((error: unknown) => error);
      if (!RequestFailure.is(failure)) throw new Error('an upload over the limit was taken');
      expect(failure).toMatchObject({ code: 'upstream_status', status: 413 });
      expect(failure.attempts.map(({ error, status }) => ({ error, status }))).toEqual([
        { error: undefined, status: 413 },
      ]);
      expect(failure.attempts[0]?.exchange.bytesSent).toBeLessThan(large.byteLength);
    }
    const { attempts } = await client.upload('upload-10', large.subarray(0, 50_000));
    expect(attempts).toHaveLength(1);
    expect(origin.sink.seen.map(({ key }) => key)).toEqual(['upload-10/1']);
  });

  test('its PROTOCOL_ERROR says nothing of the request: an upload that paused twice arrives, once that was seen of another', async () => {
    await using origin = await openSink();
    await using server = await RealServer.start(
      nginxServer(nginx, origin, [ROOM, 'client_body_timeout 300ms;']),
    );
    await using client = openUploadClient(server, { protocol: 'h2', policy: FRESH });
    const file = new Uint8Array(100_000).fill(7);
    const codes = async (...upload: Parameters<typeof client.upload>) =>
      (await client.upload(...upload)).attempts.map(({ error }) => error?.h2Code);
    expect(await codes('upload-0', file, 1)).toEqual(['PROTOCOL_ERROR', undefined]);
    expect(await codes('upload-1', file, 2)).toEqual(['PROTOCOL_ERROR', 'PROTOCOL_ERROR', undefined]);
    expect(origin.sink.seen).toEqual([
      { key: 'upload-0/2', processed: true },
      { key: 'upload-1/3', processed: true },
    ]);
  });
});
