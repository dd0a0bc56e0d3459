import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { startMeter } from '../transports/meter.ts';
import { fireAtGateway } from './fire-at-gateway.ts';
import type { LoadLength } from './load.ts';
import { measureLoad, type SendBatch } from './measure-load.ts';

const MINUTE = 60_000;
const length: LoadLength & { readonly atOnce: number } = {
  atOnce: 4,
  warmUpMs: 0,
  warmUpRequests: 1,
  measureMs: 0,
  minRequests: 8,
  minEach: 1,
  maxMs: MINUTE,
};

/** Connections whose requests take as long as `latencyOf` says, by a clock that only they move. */
function pretended(atOnce: number, latencyOf: (request: number) => number) {
  let clock = 0;
  let requests = 0;
  const batches: number[] = [];
  const send: SendBatch = async (each, onAnswer) => {
    batches.push(each * atOnce);
    const start = clock;
    const answers = Array.from({ length: atOnce }, () => {
      let at = start;
      return Array.from({ length: each }, () => {
        const latencyMs = latencyOf(requests);
        requests += 1;
        at += latencyMs;
        return { at, latencyMs };
      });
    });
    for (const { at, latencyMs } of answers.flat().sort((a, b) => a.at - b.at)) {
      clock = at;
      onAnswer(latencyMs);
    }
  };
  const clocks = {
    now: () => clock,
    startMeter: () => {
      const since = clock;
      return () => ({ ms: clock - since, cpuMs: 0, peakRssBytes: 0 });
    },
  };
  return { send, clocks, batches };
}

test('slow requests are waited for and counted, so that throughput and latencies agree (Little’s law)', async () => {
  // One in five takes ten times as long as the whole time to measure.
  const { send, clocks } = pretended(4, (request) => (request % 5 === 4 ? 4_000 : 100));
  const seen = await measureLoad(
    { ...length, measureMs: 400, minRequests: 40 },
    send,
    () => undefined,
    clocks,
  );
  expect(seen.latenciesMs.filter((ms) => ms === 4_000)).toHaveLength(8);
  expect(seen.latenciesMs).toHaveLength(40);
  const busyMs = seen.latenciesMs.reduce((sum, ms) => sum + ms, 0);
  // At no time were more than four under way.
  expect(busyMs).toBeLessThanOrEqual(length.atOnce * seen.ms);
  // And an even load leaves no connection idle: throughput is connections over latency, to the letter.
  const even = pretended(4, () => 500);
  const { latenciesMs, ms } = await measureLoad(length, even.send, () => undefined, even.clocks);
  expect((latenciesMs.length / ms) * 500).toBe(4);
});

test('the warm-up is over when its time and its requests are, and what it took decides how many are measured', async () => {
  const { send, clocks, batches } = pretended(4, () => 100);
  const plan = { ...length, warmUpMs: 1_000, warmUpRequests: 2, measureMs: 2_000 };
  await measureLoad(plan, send, () => undefined, clocks);
  expect(batches).toEqual([8, 32, 80]);
});

test('however long a request takes, there are as many on each connection as were asked for', async () => {
  const { send, clocks, batches } = pretended(4, () => 9_000);
  const plan = { ...length, warmUpMs: 1_000, measureMs: 400, minRequests: 5, minEach: 3 };
  await measureLoad(plan, send, () => undefined, clocks);
  expect(batches).toEqual([4, 12]);
});

const servers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of servers.splice(0)) await close();
});

/** A gateway that reads each form and then does as told with the request of that number. */
async function gateway(answer: (request: number, response: ServerResponse) => void): Promise<string> {
  let requests = 0;
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      requests += 1;
      answer(requests, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  servers.push(
    () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  );
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const clocks = { now: () => performance.now(), startMeter };
const image = Buffer.alloc(1_000);

async function measured(origin: string, changes: Partial<typeof length> = {}) {
  const order = { ...length, ...changes, origin };
  return await measureLoad(order, await fireAtGateway(order, image), () => undefined, clocks);
}

test('autocannon sends as many as were asked for, and each has its latency', async () => {
  let requests = 0;
  const origin = await gateway((number, response) => {
    requests = number;
    response.end('{}');
  });
  const seen = await measured(origin, { minRequests: 20 });
  expect(seen).toMatchObject({ failures: 0, latenciesMs: { length: 20 } });
  expect(requests).toBe(4 + 20);
});

test('an answer that is no success, and a connection that ends without one, are failures', async () => {
  // Of the measured ones, of which one connection sends all, the second is refused and the fourth gets a FIN.
  const origin = await gateway((number, response) => {
    if (number === 5) response.socket?.end();
    else response.writeHead(number === 3 ? 503 : 200).end('{}');
  });
  const seen = await measured(origin, { atOnce: 1, minRequests: 8 });
  expect([seen.failures, seen.latenciesMs.length]).toEqual([2, 6]);
});

test('a gateway that never answers fails the run', async () => {
  const silent = await gateway(() => undefined);
  await expect(measured(silent, { maxMs: 200 })).rejects.toThrow(
    'none of 4 requests of the warm-up was answered',
  );
  const later = await gateway((number, response) => void (number <= 4 && response.end('{}')));
  await expect(measured(later, { maxMs: 1_000 })).rejects.toThrow('none of 8 requests was answered');
});
