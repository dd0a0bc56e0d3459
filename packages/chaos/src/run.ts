import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Chance } from '@ferry/core/testing';
import type { LedgerEntry } from '@ferry/upstream-sim';
import { ChaosClient } from './client/client.ts';
import { planFaults } from './plan/fault-plan.ts';
import { planRequest } from './plan/request-plan.ts';
import { GatewayProcess } from './process/gateway.ts';
import { UpstreamProcess } from './process/upstream.ts';
import { lookForLeaks } from './reconcile/leaks.ts';
import { type Line, type RequestRecord, reconcile } from './reconcile/reconcile.ts';

export interface ChaosOptions {
  /** Where chance begins: the same seed makes the same decisions. */
  readonly seed: number;
  /** Requests to the gateway. */
  readonly requests: number;
  readonly atOnce: number;
  /** Share of the upstream's requests that meet a fault, from 0 to 1. */
  readonly faultShare: number;
  /** How often the upstream is ended and started again in the middle. */
  readonly restarts: number;
  /** Connections that the gateway opens ahead. Each is let go ten seconds after the last request, which the run then waits for. */
  readonly spares: number;
  /** Hears how many requests are settled. */
  readonly onProgress?: (settled: number) => void;
}

export interface ChaosReport {
  readonly options: ChaosOptions;
  readonly requests: readonly RequestRecord[];
  readonly ledger: readonly LedgerEntry[];
  readonly lines: readonly Line[];
  readonly durationMs: number;
}

/** Requests of one kind that one process of the upstream may see, as a multiple of what it is sent: retries count too. */
const RETRY_ROOM = 3;

/** Runs the gateway and an upstream through chaos, and reconciles the books at the end. */
export async function runChaos(options: ChaosOptions): Promise<ChaosReport> {
  const from = performance.now();
  const folder = await mkdtemp(join(tmpdir(), 'ferry-chaos-'));
  await using closing = new AsyncDisposableStack();
  closing.defer(() => rm(folder, { recursive: true, force: true }));
  const upstream = await UpstreamProcess.start(folder);
  closing.defer(() => upstream.stop());
  const gateway = await GatewayProcess.start(folder, upstream, options);
  closing.defer(() => gateway.stop());
  const requests = await storm(options, upstream, gateway);
  await upstream.disarm();
  const leaks = await lookForLeaks(gateway, upstream, options);
  // Only what has ended has told all: the books are read when nobody writes any more.
  await gateway.stop();
  await upstream.stop();
  const ledger = await upstream.ledger();
  const all = [...requests, ...leaks.requests];
  return {
    options,
    requests: all,
    ledger,
    lines: [...reconcile(all, ledger), ...leaks.lines],
    durationMs: performance.now() - from,
  };
}

/** Sends everything, several at once, while the upstream fails and is restarted. */
async function storm(
  options: ChaosOptions,
  upstream: UpstreamProcess,
  gateway: GatewayProcess,
): Promise<RequestRecord[]> {
  const { seed, requests, atOnce, faultShare, restarts, onProgress } = options;
  const chance = new Chance(seed);
  const every = Math.ceil(requests / (restarts + 1));
  const arm = (): Promise<void> =>
    upstream.arm(planFaults(seed, upstream.boots, faultShare, every * RETRY_ROOM));
  await arm();
  const client = new ChaosClient(gateway);
  const records: RequestRecord[] = [];
  let begun = 0;
  let restarting = Promise.resolve();
  const lane = async (): Promise<void> => {
    while (begun < requests) {
      const plan = planRequest(seed, begun);
      begun += 1;
      if (plan.index > 0 && plan.index % every === 0) {
        const signal = chance.pick(['SIGKILL', 'SIGTERM'] as const);
        const awayMs = chance.between(0, 600);
        restarting = restarting.then(() => upstream.restart(signal, awayMs)).then(arm);
      }
      const { index, n, images } = plan;
      const told = await client.send(plan);
      const sent = images.map(({ sha256, bytes }) => ({ sha256, bytes: bytes.byteLength }));
      records.push({ index, n, images: sent, told });
      onProgress?.(records.length);
      // Who was refused comes back when the upstream does: else most of a run would meet a port where nobody listens.
      if (told.type === 'refused') await restarting;
    }
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
  await restarting;
  client.close();
  return records;
}
