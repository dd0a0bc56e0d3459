/**
 * What a connection costs, seen through the gateway: the same edit over isolated, prewarmed and pooled connections, over
 * HTTP/2 and HTTP/1.1. Read the ratios, not the figures: the machine is whatever it is, and the rounds alternate.
 *
 *   pnpm --filter @ferry/bench run gateway [--rounds 3] [--seconds 5] [--connections 8] [--json results.json]
 */
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import autocannon from 'autocannon';
import { type FerryProcess, startFerry } from './ferry-process.ts';
import { editForm } from './form.ts';
import { wholeNumber } from './options.ts';
import { markdownTable, median } from './report.ts';

interface Variant {
  readonly name: string;
  /** Which of the gateways below answers it. */
  readonly gateway: 'h2' | 'h2-spares' | 'http1';
  readonly reuseSession: boolean;
}

/** The first one is what the others are compared with. */
const VARIANTS: readonly Variant[] = [
  { name: 'HTTP/2 fresh', gateway: 'h2', reuseSession: false },
  { name: 'HTTP/2 prewarmed', gateway: 'h2-spares', reuseSession: false },
  { name: 'HTTP/2 pooled', gateway: 'h2', reuseSession: true },
  { name: 'HTTP/1.1 fresh', gateway: 'http1', reuseSession: false },
  { name: 'HTTP/1.1 pooled', gateway: 'http1', reuseSession: true },
];

const GATEWAYS: Readonly<Record<Variant['gateway'], Readonly<Record<string, string>>>> = {
  h2: { FERRY_UPLOAD__TRANSPORT: 'undici', FERRY_POOL__SPARES: '0' },
  'h2-spares': { FERRY_UPLOAD__TRANSPORT: 'undici', FERRY_POOL__SPARES: '8' },
  http1: { FERRY_UPLOAD__TRANSPORT: 'http1', FERRY_POOL__SPARES: '0' },
};

interface Round {
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly uploads: number;
  /** Connections that carried those uploads. */
  readonly connections: number;
}

const { values: args } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '5' },
    connections: { type: 'string', default: '8' },
    json: { type: 'string' },
  },
});
const rounds = wholeNumber('rounds', args.rounds, 1, 20);
const seconds = wholeNumber('seconds', args.seconds, 1, 60);
const connections = wholeNumber('connections', args.connections, 1, 32);

async function run(variant: Variant, ferry: FerryProcess, duration: number): Promise<Round> {
  await fetch(new URL('/ledger', ferry.controlUrl), { method: 'DELETE' });
  const form = await editForm({ reuse_session: String(variant.reuseSession) });
  const result = await autocannon({
    url: `${ferry.url}/api/v1/admin/img2img`,
    method: 'POST',
    headers: { 'content-type': form.contentType },
    body: form.body,
    connections,
    duration,
    timeout: 30,
  });
  if (result.non2xx > 0 || result.errors > 0) {
    throw new Error(`${variant.name}: ${result.non2xx} answers were errors, ${result.errors} never came`);
  }
  const ledger = await uploadsOf(ferry);
  return {
    requestsPerSecond: result.requests.average,
    p50Ms: result.latency.p50,
    p99Ms: result.latency.p99,
    uploads: ledger.length,
    connections: new Set(ledger).size,
  };
}

/** The connection of each upload the upstream has seen. */
async function uploadsOf(ferry: FerryProcess): Promise<string[]> {
  const answer = await fetch(new URL('/ledger?path=/v1/files', ferry.controlUrl));
  const { entries } = (await answer.json()) as { entries: { connectionId: string }[] };
  return entries.map((entry) => entry.connectionId);
}

const gateways = new Map<Variant['gateway'], FerryProcess>();
try {
  for (const [name, environment] of Object.entries(GATEWAYS)) {
    gateways.set(name as Variant['gateway'], await startFerry(environment));
  }
  const results = new Map(VARIANTS.map((variant) => [variant.name, [] as Round[]]));
  const gatewayOf = (variant: Variant): FerryProcess => {
    const ferry = gateways.get(variant.gateway);
    if (ferry === undefined) throw new Error(`no gateway ${variant.gateway}`);
    return ferry;
  };
  // Discarded: the first requests compile code and open the first connections.
  for (const variant of VARIANTS) await run(variant, gatewayOf(variant), 1);
  for (let round = 0; round < rounds; round++) {
    const order = round % 2 === 0 ? VARIANTS : VARIANTS.toReversed();
    for (const variant of order) {
      results.get(variant.name)?.push(await run(variant, gatewayOf(variant), seconds));
    }
  }
  await report(results);
} finally {
  for (const ferry of gateways.values()) await ferry.stop();
}

async function report(results: ReadonlyMap<string, readonly Round[]>): Promise<void> {
  const summary = [...results].map(([name, runs]) => ({
    name,
    requestsPerSecond: median(runs.map((round) => round.requestsPerSecond)),
    p50Ms: median(runs.map((round) => round.p50Ms)),
    p99Ms: median(runs.map((round) => round.p99Ms)),
    connectionsPerUpload: median(runs.map((round) => round.connections / Math.max(1, round.uploads))),
    runs,
  }));
  const base = summary[0]?.requestsPerSecond ?? Number.NaN;
  process.stdout.write(
    markdownTable(
      ['variant', 'edits/s', 'ratio', 'p50 ms', 'p99 ms', 'connections an upload'],
      summary.map((row) => [
        row.name,
        row.requestsPerSecond.toFixed(1),
        (row.requestsPerSecond / base).toFixed(2),
        row.p50Ms.toFixed(0),
        row.p99Ms.toFixed(0),
        row.connectionsPerUpload.toFixed(2),
      ]),
    ),
  );
  if (args.json !== undefined) {
    const setting = { rounds, seconds, connections, node: process.version };
    await writeFile(args.json, `${JSON.stringify({ setting, summary }, null, 2)}\n`);
  }
}
