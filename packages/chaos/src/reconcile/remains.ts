import { setTimeout as delay } from 'node:timers/promises';
import { descendantsOf, stillThere } from '../process/descendants.ts';
import type { GatewayProcess } from '../process/gateway.ts';
import type { Line } from './reconcile.ts';

/** A process that has been told to end may take a moment after its parent. Milliseconds. */
const GONE_WITHIN_MS = 5_000;
const LOOK_EVERY_MS = 50;

/** Stops the gateway as a service manager does, and looks for what it leaves: processes, above all its PostgreSQL's, and their files. */
export async function endOf(gateway: GatewayProcess): Promise<Line> {
  const started = descendantsOf(gateway.pid);
  await gateway.stop();
  let left = stillThere(started);
  for (const until = performance.now() + GONE_WITHIN_MS; left.length > 0 && performance.now() < until; ) {
    await delay(LOOK_EVERY_MS);
    left = stillThere(started);
  }
  return {
    what: "the gateway's processes and PostgreSQL's sockets, none left after the end",
    count: started.length,
    differences: [...left, ...gateway.databaseRemains.map((path) => `${path} is left`)],
  };
}
