import { setTimeout as delay } from 'node:timers/promises';
import { ChaosClient } from '../client/client.ts';
import { planRequest } from '../plan/request-plan.ts';
import { busyFigures } from '../process/figures.ts';
import { CONCURRENCY, type GatewayProcess } from '../process/gateway.ts';
import { establishedWith, leftoversOf } from '../process/leftovers.ts';
import type { UpstreamProcess } from '../process/upstream.ts';
import type { Line, RequestRecord } from './reconcile.ts';

/** A spare connection is let go after ten seconds, a shared one after one. */
const QUIET_WITHIN_MS = 30_000;
const LOOK_EVERY_MS = 100;
/** How long the upstream holds its answers back while the places are counted. */
const HELD_MS = 1_500;
/**
 * A place that is lost stays lost. One round may miss for another reason: what the storm has left, such as a retry budget that is
 * used up, takes a moment to recover.
 */
const ROUNDS = 5;

const PATHS = { uploads: '/v1/files', edits: '/v1/images/edits' } as const;

export interface Leaks {
  readonly lines: readonly Line[];
  /** What was sent to find out; it is in the ledger too. */
  readonly requests: readonly RequestRecord[];
}

/** Looks for whatever the storm may have left: places that are taken for ever, sockets, files, listeners. */
export async function lookForLeaks(
  gateway: GatewayProcess,
  upstream: UpstreamProcess,
  options: { readonly seed: number; readonly requests: number; readonly from: number },
): Promise<Leaks> {
  if (!gateway.alive) return { requests: [], lines: [running(gateway)] };
  const requests: RequestRecord[] = [];
  let lines: readonly Line[] = [];
  for (let round = 0; round < ROUNDS && (round === 0 || differ(lines)); round += 1) {
    const from = options.from + round * CONCURRENCY;
    const taken = await takeEveryPlace(gateway, upstream, { seed: options.seed, from });
    requests.push(...taken.requests);
    lines = taken.lines;
    await upstream.disarm();
  }
  const ports = [gateway.port, upstream.port];
  let left = leftoversOf(gateway.pid, ports, gateway.temporaryFolders);
  let open = establishedWith(upstream.port);
  let busy = await busyFigures(gateway);
  const quiet = (): boolean =>
    left.sockets === 0 && left.files.length === 0 && open === 0 && busy.length === 0;
  for (const until = performance.now() + QUIET_WITHIN_MS; !quiet() && performance.now() < until; ) {
    await delay(LOOK_EVERY_MS);
    busy = await busyFigures(gateway);
    left = leftoversOf(gateway.pid, ports, gateway.temporaryFolders);
    open = establishedWith(upstream.port);
  }
  const count = options.requests;
  return {
    requests,
    lines: [
      ...lines,
      running(gateway),
      { what: "gateway's own figures, all at rest", count, differences: busy },
      {
        what: 'sockets of the gateway, none left when idle',
        count,
        differences: some(left.sockets, 'sockets are open'),
      },
      {
        what: 'connections with the upstream, none left when idle',
        count,
        differences: some(open, 'connections are open'),
      },
      { what: 'spools and temporary files, none left', count, differences: left.files },
      { what: 'warnings of Node (listeners), none', count, differences: gateway.warnings },
    ],
  };
}

/** As many requests at once as there are places: all of them reach the upstream together, or a place is lost. */
async function takeEveryPlace(
  gateway: GatewayProcess,
  upstream: UpstreamProcess,
  { seed, from }: { readonly seed: number; readonly from: number },
): Promise<Leaks> {
  for (const path of Object.values(PATHS)) {
    await upstream.arm([
      { match: { method: 'POST', path }, count: CONCURRENCY, fault: { kind: 'delay', ms: HELD_MS } },
    ]);
  }
  // A stalled upload over HTTP/1.1 goes on at the upstream, which does not read that its client has gone.
  const before = {
    uploads: await upstream.running(PATHS.uploads),
    edits: await upstream.running(PATHS.edits),
  };
  const client = new ChaosClient(gateway);
  let sending = true;
  const sent = Promise.all(
    Array.from({ length: CONCURRENCY }, async (_, at): Promise<RequestRecord> => {
      const plan = planRequest(seed, from + at);
      const [image] = plan.images;
      const images = image === undefined ? [] : [image];
      const told = await client.send({ ...plan, images, reuseSession: false, leaves: undefined });
      return {
        ...plan,
        images: images.map(({ sha256, bytes }) => ({ sha256, bytes: bytes.byteLength })),
        told,
      };
    }),
  ).finally(() => {
    sending = false;
  });
  const most = { uploads: 0, edits: 0 };
  while (sending) {
    for (const kind of ['uploads', 'edits'] as const) {
      most[kind] = Math.max(most[kind], (await upstream.running(PATHS[kind])) - before[kind]);
    }
    await Promise.race([sent, delay(20)]);
  }
  const records = await sent;
  client.close();
  const line = (kind: keyof typeof most): Line => ({
    what: `places for ${kind}, all free again`,
    count: most[kind],
    differences: most[kind] === CONCURRENCY ? [] : [`${most[kind]} of ${CONCURRENCY} ran at once`],
  });
  const refused = records.filter(({ told }) => told.type !== 'edited');
  const served: Line = {
    what: 'requests after the storm, all served',
    count: records.length,
    differences: refused.map(({ told }) => JSON.stringify(told)),
  };
  return { lines: [line('uploads'), line('edits'), served], requests: records };
}

function differ(lines: readonly Line[]): boolean {
  return lines.some(({ differences }) => differences.length > 0);
}

function running(gateway: GatewayProcess): Line {
  const differences = gateway.alive ? [] : [gateway.lastWords.join('\n      ')];
  return { what: 'gateway still running', count: 1, differences };
}

function some(count: number, what: string): string[] {
  return count === 0 ? [] : [`${count} ${what}`];
}
