import { POOLED, PREWARMED } from '@ferry/core';
import { tcpProxy } from '@ferry/upstream-sim/peers';
import { describe, expect, test } from 'vitest';
import { AGREED, audit } from './support/audit.ts';
import { findBinary } from './support/binary.ts';
import { breakAndRepair } from './support/failures-story.ts';
import { carried, watchFallback } from './support/fallback-watch.ts';
import { haproxyServer, readHaproxyLog, refusedByGoaway } from './support/haproxy.ts';
import { nginxServer, readNginxLog, reloadNginx } from './support/nginx.ts';
import { offerAndTakeBack } from './support/offer-story.ts';
import { RealServer } from './support/real-server.ts';
import { openSink } from './support/sink-behind.ts';
import { openActs, PATIENCE_MS } from './support/story.ts';
import { LARGE_EVERY } from './support/traffic.ts';
import { closing, FAR, holdUpAndEnlarge, largest } from './support/window-story.ts';

const haproxy = findBinary('haproxy');
const nginx = findBinary('nginx');

const ROOM = 'client_max_body_size 4m;';
/** Where the window is not what a story is about, so that a busy machine is not taken for a distance. Bytes. */
const WIDE_WINDOW = 1024 * 1024;
const ROOMY = [ROOM, `http2_body_preread_size ${WIDE_WINDOW};`];
const POLICIES = [
  { what: 'prewarmed', policy: PREWARMED },
  { what: 'pooled', policy: POOLED },
];

describe.runIf(haproxy.found)('HAProxy', { timeout: PATIENCE_MS }, () => {
  const common = {
    name: 'HAProxy',
    reload: (server: RealServer) => server.replace(),
    readLog: readHaproxyLog,
    proven: refusedByGoaway,
  };

  test.each(POLICIES)(
    'uploads arrive while it begins to offer HTTP/2 and ceases to ($what)',
    async ({ what, policy }) => {
      await using origin = await openSink();
      const kind = (http2: boolean) =>
        haproxyServer(haproxy, origin, {
          alpn: http2 ? 'h2,http/1.1' : 'http/1.1',
          windowBytes: WIDE_WINDOW,
        });
      await offerAndTakeBack({ ...common, kind, sink: origin.sink }, what, policy);
    },
  );

  test.each(POLICIES)(
    'uploads leave HTTP/2 for a window too small for the distance, and return when it is enlarged ($what)',
    async ({ what, policy }) => {
      await using origin = await openSink();
      // A hold ends before its time, so that a connection from before it is still there: it must not be closed as it is used.
      const kind = (windowBytes: number) => haproxyServer(haproxy, origin, { windowBytes, idleMs: 20_000 });
      await holdUpAndEnlarge({ ...common, kind, sink: origin.sink }, what, policy);
    },
  );
});

describe.runIf(nginx.found)('nginx', { timeout: PATIENCE_MS }, () => {
  const common = { name: 'nginx', reload: reloadNginx, readLog: readNginxLog };

  test.each(POLICIES)(
    'uploads arrive while it begins to offer HTTP/2 and ceases to ($what)',
    async ({ what, policy }) => {
      await using origin = await openSink();
      const kind = (http2: boolean) => nginxServer(nginx, origin, ROOMY, { http2 });
      await offerAndTakeBack({ ...common, kind, sink: origin.sink }, what, policy);
    },
  );

  test.each(POLICIES)(
    'uploads arrive while it resets most of those over HTTP/2, then all, and is repaired ($what)',
    async ({ what, policy }) => {
      await using origin = await openSink();
      // 444 closes without an answer, which over HTTP/2 is RST_STREAM with PROTOCOL_ERROR.
      const broken = (ofTen: number) => [
        'set $which "$server_protocol $http_x_upload_id";',
        `if ($which ~ "^HTTP/2.*[0-${ofTen - 1}]$") { return 444; }`,
      ];
      const kind = (ofTen: number) =>
        nginxServer(nginx, origin, ofTen === 0 ? ROOMY : [...ROOMY, ...broken(ofTen)]);
      await breakAndRepair({ ...common, kind, sink: origin.sink }, what, policy);
    },
  );

  test('uploads leave HTTP/2 for a window too small for the distance, and return when it is enlarged', async () => {
    await using origin = await openSink();
    // Buffering would enlarge the window for each body.
    const unbuffered = [ROOM, 'proxy_request_buffering off;'];
    const kind = (windowBytes: number) =>
      nginxServer(nginx, origin, [...unbuffered, `http2_body_preread_size ${windowBytes};`]);
    await holdUpAndEnlarge({ ...common, kind, sink: origin.sink }, 'prewarmed', PREWARMED);
  });

  test('uploads stay on HTTP/2 where the window is enlarged as soon as a body comes', async () => {
    const { memory, changes } = watchFallback();
    await using origin = await openSink();
    await using server = await RealServer.start(nginxServer(nginx, origin, [ROOM]));
    await using road = closing(await tcpProxy({ to: server.url, ...FAR }));
    await using story = openActs({
      name: 'nginx, a window that is enlarged, auto, prewarmed',
      server: { url: road.url, caPem: server.caPem },
      road: { protocol: 'auto', policy: PREWARMED, memory },
    });
    const far = await story.act({ uploads: 1 });
    expect(largest(far).flowControl).toMatchObject({ windowBytes: 65_536 });
    expect(largest(far).bytesSent).toBeGreaterThan(1024 * 1024);
    expect(carried(await story.act({ uploads: LARGE_EVERY }))).toEqual({ h2: LARGE_EVERY, 'http/1.1': 0 });
    expect(changes).toEqual([]);
    const traffic = await story.end();
    await server.stop();
    expect(audit(traffic, await readNginxLog(server))).toEqual(AGREED);
    expect(audit(traffic, origin.sink.seen)).toEqual(AGREED);
  });
});
