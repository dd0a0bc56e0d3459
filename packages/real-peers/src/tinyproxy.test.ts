import { FRESH, POOLED, PREWARMED } from '@ferry/core';
import { describe, expect, test } from 'vitest';
import { AGREED, audit } from './support/audit.ts';
import { findBinary } from './support/binary.ts';
import { nginxServer, readNginxLog } from './support/nginx.ts';
import { RealServer } from './support/real-server.ts';
import { openSink } from './support/sink-behind.ts';
import { PATIENCE_MS, play } from './support/story.ts';
import { tinyproxyServer } from './support/tinyproxy.ts';

const tinyproxy = findBinary('tinyproxy');
const nginx = findBinary('nginx');

describe.runIf(tinyproxy.found && nginx.found)('tinyproxy', { timeout: PATIENCE_MS }, () => {
  test.each([
    { what: 'HTTP/2, pooled', road: { protocol: 'h2', policy: POOLED }, uploads: 1_000 },
    { what: 'HTTP/2, prewarmed', road: { protocol: 'h2', policy: PREWARMED }, uploads: 1_000 },
    { what: 'HTTP/1.1, pooled', road: { protocol: 'http/1.1', policy: POOLED }, uploads: 1_000 },
    { what: 'HTTP/1.1, fresh', road: { protocol: 'http/1.1', policy: FRESH }, uploads: 300 },
  ] as const)(
    '$uploads uploads arrive while it is killed and started again and again ($what)',
    async (row) => {
      await using origin = await openSink();
      await using server = await RealServer.start(nginxServer(nginx, origin, ['client_max_body_size 4m;']));
      await using proxy = await RealServer.start(tinyproxyServer(tinyproxy, server));
      const { url, caPem } = server;
      const traffic = await play({
        ...row,
        name: `tinyproxy, restarts, ${row.what}`,
        server: { url, caPem, proxy: { httpsProxy: `http://${proxy.url.host}`, loopback: 'proxied' } },
        disturbance: { every: row.uploads / 5, by: () => proxy.restart() },
      });
      await server.stop();
      // nginx logs a request when it is over: one whose tunnel died is in its list, and was never processed.
      expect(audit(traffic, await readNginxLog(server))).toEqual(AGREED);
      expect(audit(traffic, origin.sink.seen)).toEqual(AGREED);
      expect(traffic.disturbances).toBe(4);
      const tunnels = (await proxy.readOutputs()).join('').match(/Request .*: CONNECT /g) ?? [];
      expect(tunnels.length).toBeGreaterThanOrEqual(1 + traffic.disturbances);
    },
  );
});
