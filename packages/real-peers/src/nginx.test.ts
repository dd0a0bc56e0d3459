import { FRESH, POOLED, PREWARMED, RequestFailure } from '@ferry/core';
import { describe, expect, test } from 'vitest';
import { AGREED, audit } from './support/audit.ts';
import { findBinary } from './support/binary.ts';
import { nginxServer, readNginxLog, reloadNginx } from './support/nginx.ts';
import { RealServer } from './support/real-server.ts';
import { openSink } from './support/sink-behind.ts';
import { aroundIdle, play } from './support/story.ts';
import { openUploadClient } from './support/upload-client.ts';

const nginx = findBinary('nginx');

const H2_POOLED = { protocol: 'h2', policy: POOLED } as const;
const H1_POOLED = { protocol: 'http/1.1', policy: POOLED } as const;
const ROOM = 'client_max_body_size 4m;';

describe.runIf(nginx.found)('nginx', { timeout: 60_000 }, () => {
  test.each([
    { what: 'HTTP/2, pooled', road: H2_POOLED, uploads: 1_000 },
    { what: 'HTTP/1.1, pooled', road: H1_POOLED, uploads: 1_000 },
    { what: 'HTTP/2, fresh', road: { protocol: 'h2', policy: FRESH }, uploads: 300 },
    { what: 'HTTP/2, prewarmed', road: { protocol: 'h2', policy: PREWARMED }, uploads: 300 },
  ] as const)('$uploads uploads arrive while it is reloaded again and again ($what)', async (row) => {
    await using origin = await openSink();
    await using server = await RealServer.start(
      nginxServer(nginx, origin, [ROOM, 'keepalive_requests 20;', 'keepalive_timeout 1s;']),
    );
    const traffic = await play({
      ...row,
      name: `nginx, reloads, ${row.what}`,
      server,
      disturbance: { every: row.uploads / 10, by: () => reloadNginx(server) },
    });
    await server.stop();
    expect(audit(traffic, await readNginxLog(server))).toEqual(AGREED);
    expect(audit(traffic, origin.sink.seen)).toEqual(AGREED);
    expect(traffic.disturbances).toBe(9);
  });

  test.each([
    { what: 'HTTP/2', road: H2_POOLED },
    { what: 'HTTP/1.1', road: H1_POOLED },
  ])(
    'a thousand uploads arrive although idle connections are closed as they are used again ($what)',
    async (row) => {
      await using origin = await openSink();
      await using server = await RealServer.start(
        nginxServer(nginx, origin, [ROOM, 'keepalive_timeout 200ms;']),
      );
      const traffic = await play({
        ...row,
        name: `nginx, idle after 200 ms, ${row.what}, pooled`,
        server,
        uploads: 1_000,
        atOnce: 32,
        restMs: aroundIdle(200),
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
});
