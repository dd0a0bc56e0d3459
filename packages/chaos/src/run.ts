import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LedgerEntry } from '@ferry/upstream-sim';
import { outageLines } from './outage/outage-lines.ts';
import { EmbeddedDatabase } from './process/database.ts';
import { GatewayProcess } from './process/gateway.ts';
import { UpstreamProcess } from './process/upstream.ts';
import { lookForLeaks } from './reconcile/leaks.ts';
import { type Line, type RequestRecord, reconcile } from './reconcile/reconcile.ts';
import { endOf } from './reconcile/remains.ts';
import { repeatsOf } from './reconcile/repeats.ts';
import { firstFree, type StormOptions, storm } from './storm.ts';

export interface ChaosOptions extends StormOptions {
  /** Connections that the gateway opens ahead. Each is let go ten seconds after the last request, which the run then waits for. */
  readonly spares: number;
}

export interface ChaosReport {
  readonly options: ChaosOptions;
  readonly requests: readonly RequestRecord[];
  readonly ledger: readonly LedgerEntry[];
  readonly lines: readonly Line[];
  readonly durationMs: number;
}

/** The database is ready this long after the gateway. Milliseconds. */
const DATABASE_READY_MS = 60_000;

/** Runs the gateway and an upstream through chaos, and reconciles the books at the end. */
export async function runChaos(options: ChaosOptions): Promise<ChaosReport> {
  const from = performance.now();
  const folder = await mkdtemp(join(tmpdir(), 'ferry-chaos-'));
  // PostgreSQL runs as another user when we are root, and has to walk through.
  await chmod(folder, 0o711);
  await using closing = new AsyncDisposableStack();
  closing.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 50, retryDelay: 20 }));
  const upstream = await UpstreamProcess.start(folder);
  closing.defer(() => upstream.stop());
  const gateway = await GatewayProcess.start(folder, upstream, options);
  closing.defer(() => gateway.stop());
  const database = new EmbeddedDatabase(gateway);
  if ((await database.until(({ kind }) => kind === 'up', DATABASE_READY_MS)) === undefined)
    throw new Error("the gateway's database was not ready in time");
  const { requests, outages } = await storm(options, { gateway, upstream, database });
  await upstream.disarm();
  const leaks = await lookForLeaks(gateway, upstream, { ...options, from: firstFree(options) });
  // Only what has ended has told all: the books are read when nobody writes any more.
  const remains = await endOf(gateway);
  await upstream.stop();
  const ledger = await upstream.ledger();
  const all = [...requests, ...leaks.requests];
  return {
    options,
    requests: all,
    ledger,
    lines: [
      ...reconcile(all, ledger),
      ...repeatsOf(all),
      ...outageLines(outages, all),
      ...leaks.lines,
      remains,
    ],
    durationMs: performance.now() - from,
  };
}
