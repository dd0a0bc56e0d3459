import { DEFAULT_RETRY_POLICY, FRESH, POOLED, PREWARMED } from '@ferry/core';
import { Chance } from '@ferry/core/testing';
import { describe, expect, test } from 'vitest';
import { AGREED, audit } from './support/audit.ts';
import { findBinary } from './support/binary.ts';
import { killNginxWorkers, nginxServer, readNginxLog, reloadNginx } from './support/nginx.ts';
import { RealServer } from './support/real-server.ts';
import { openSink } from './support/sink-behind.ts';
import { PATIENCE_MS, play } from './support/story.ts';

const nginx = findBinary('nginx');

describe.runIf(nginx.found)("nginx's workers", { timeout: PATIENCE_MS }, () => {
  test.each([
    { what: 'HTTP/2, pooled', road: { protocol: 'h2', policy: POOLED }, uploads: 1_000 },
    { what: 'HTTP/1.1, pooled', road: { protocol: 'http/1.1', policy: POOLED }, uploads: 1_000 },
    { what: 'HTTP/1.1, prewarmed', road: { protocol: 'http/1.1', policy: PREWARMED }, uploads: 1_000 },
    { what: 'HTTP/2, fresh', road: { protocol: 'h2', policy: FRESH }, uploads: 1_000 },
    { what: 'HTTP/2, prewarmed', road: { protocol: 'h2', policy: PREWARMED }, uploads: 1_000 },
    { what: 'auto, prewarmed', road: { protocol: 'auto', policy: PREWARMED }, uploads: 1_000 },
  ] as const)('$uploads uploads arrive while it is reloaded again and again ($what)', async (row) => {
    await using origin = await openSink();
    await using server = await RealServer.start(
      nginxServer(nginx, origin, [
        'client_max_body_size 4m;',
        'keepalive_requests 20;',
        'keepalive_timeout 1s;',
      ]),
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
    { what: 'HTTP/2, pooled', road: { protocol: 'h2', policy: POOLED } },
    { what: 'HTTP/2, prewarmed', road: { protocol: 'h2', policy: PREWARMED } },
  ] as const)(
    'a thousand uploads arrive although the worker is killed under each attempt that the retries allow, whatever the jitter ($what)',
    async (row) => {
      await using origin = await openSink();
      await using server = await RealServer.start(
        // One worker: two would not die in the same instant, and a retry could meet both deaths of one kill.
        nginxServer(nginx, origin, ['client_max_body_size 4m;'], { workers: 1 }),
      );
      const { backoffBaseMs, maxRetries } = DEFAULT_RETRY_POLICY;
      const killUnderRetries = async () => {
        for (let attempt = 1; attempt <= maxRetries; attempt += 1) {
          await origin.sink.attempt(attempt);
          await killNginxWorkers(server);
        }
      };
      const chance = new Chance(20);
      const traffic = await play({
        ...row,
        name: `nginx, worker killed, jitter, ${row.what}`,
        server,
        random: () => chance.fraction(),
        uploads: 1_000,
        disturbance: { every: 250, by: killUnderRetries },
      });
      // What a killed worker had not written is in no log: the origin's list is the whole one.
      expect(audit(traffic, origin.sink.seen)).toEqual(AGREED);
      const attempts = traffic.outcomes.map((outcome) => outcome.attempts);
      expect(Math.max(...attempts.map(({ length }) => length))).toBeGreaterThan(maxRetries);
      const waits = attempts.flatMap(([, second]) => (second === undefined ? [] : [second.delayMs]));
      expect(Math.min(...waits)).toBeLessThan(backoffBaseMs / 2);
    },
  );
});
