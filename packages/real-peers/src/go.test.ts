import { FRESH, POOLED, PREWARMED } from '@ferry/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AGREED, audit } from './support/audit.ts';
import { findBinary } from './support/binary.ts';
import { breakAndRepair } from './support/failures-story.ts';
import { buildGoServer, deployGoServer, type GoProgram, goServer, readGoLog } from './support/go-server.ts';
import { offerAndTakeBack } from './support/offer-story.ts';
import { RealServer } from './support/real-server.ts';
import { aroundIdle, PATIENCE_MS, play } from './support/story.ts';

const go = findBinary('go');

describe.runIf(go.found)("Go's net/http", { timeout: PATIENCE_MS }, () => {
  let program: GoProgram;
  beforeAll(async () => {
    program = await buildGoServer(go);
  });
  afterAll(() => program[Symbol.asyncDispose]());

  test.each([
    { what: 'HTTP/2, pooled', road: { protocol: 'h2', policy: POOLED }, uploads: 1_000 },
    { what: 'HTTP/2, fresh', road: { protocol: 'h2', policy: FRESH }, uploads: 200 },
    { what: 'HTTP/2, prewarmed', road: { protocol: 'h2', policy: PREWARMED }, uploads: 1_000 },
    { what: 'HTTP/1.1, pooled', road: { protocol: 'http/1.1', policy: POOLED }, uploads: 1_000 },
  ] as const)(
    '$uploads uploads arrive while a new version is deployed again and again ($what)',
    async (row) => {
      await using server = await RealServer.start(goServer(program));
      const traffic = await play({
        ...row,
        name: `Go, deployments, ${row.what}`,
        server,
        disturbance: { every: row.uploads / 5, by: () => deployGoServer(server) },
      });
      await server.stop();
      expect(audit(traffic, await readGoLog(server))).toEqual(AGREED);
      expect(traffic.disturbances).toBe(4);
    },
  );

  test.each([
    { what: 'HTTP/2', protocol: 'h2' },
    { what: 'HTTP/1.1', protocol: 'http/1.1' },
  ] as const)(
    'a thousand uploads arrive although idle connections are closed as they are used again ($what)',
    async (row) => {
      await using server = await RealServer.start(goServer(program, { idle: '200ms' }));
      const traffic = await play({
        name: `Go, idle after 200 ms, ${row.what}, pooled`,
        server,
        road: { protocol: row.protocol, policy: POOLED },
        uploads: 1_000,
        atOnce: 32,
        restMs: aroundIdle(200),
      });
      await server.stop();
      expect(audit(traffic, await readGoLog(server))).toEqual(AGREED);
    },
  );

  const peer = { name: 'Go', reload: deployGoServer, readLog: readGoLog };
  const policies = [
    { what: 'prewarmed', policy: PREWARMED },
    { what: 'pooled', policy: POOLED },
  ];

  test.each(policies)(
    'uploads arrive while it begins to offer HTTP/2 and ceases to ($what)',
    async ({ what, policy }) => {
      const kind = (http2: boolean) => goServer(program, { http2 });
      await offerAndTakeBack({ ...peer, kind }, what, policy);
    },
  );

  test.each(policies)(
    'uploads arrive while it panics at most of those over HTTP/2, then at all, and is repaired ($what)',
    async ({ what, policy }) => {
      const kind = (brokenOfTen: number) => goServer(program, { brokenOfTen });
      await breakAndRepair({ ...peer, kind }, what, policy);
    },
  );
});
