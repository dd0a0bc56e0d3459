import { FRESH, POOLED, PREWARMED } from '@ferry/core';
import { describe, expect, test } from 'vitest';
import { AGREED, audit } from './support/audit.ts';
import { findBinary } from './support/binary.ts';
import { checkEcho, nghttpdServer, readNghttpdLog } from './support/nghttpd.ts';
import { RealServer } from './support/real-server.ts';
import { PATIENCE_MS, play } from './support/story.ts';

const nghttpd = findBinary('nghttpd');

describe.runIf(nghttpd.found)('nghttpd', { timeout: PATIENCE_MS }, () => {
  test.each([
    { what: 'pooled', policy: POOLED, uploads: 1_000 },
    { what: 'prewarmed', policy: PREWARMED, uploads: 1_000 },
    { what: 'fresh', policy: FRESH, uploads: 200 },
  ])('$uploads uploads arrive while nghttpd is killed and started again and again ($what)', async (row) => {
    await using server = await RealServer.start(nghttpdServer(nghttpd));
    const traffic = await play({
      name: `nghttpd, restarts, ${row.what}`,
      server: { url: server.url, caPem: server.caPem, check: checkEcho },
      road: { protocol: 'h2', policy: row.policy },
      uploads: row.uploads,
      disturbance: { every: row.uploads / 5, by: () => server.restart() },
    });
    await server.stop();
    expect(audit(traffic, await readNghttpdLog(server))).toEqual(AGREED);
    expect(traffic.disturbances).toBe(4);
  });
});
