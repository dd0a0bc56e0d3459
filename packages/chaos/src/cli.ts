import { parseArgs } from 'node:util';
import { differencesOf, table } from './reconcile/table.ts';
import { runChaos } from './run.ts';

const USAGE = `pnpm chaos: the built gateway between clients that go away and an upstream that fails, and the books compared at the end

  --seed <n>       where chance begins; default: by the time of day
  --requests <n>   default 10000
  --at-once <n>    default 32
  --faults <n>     share of the upstream's requests that meet a fault, 0 to 1; default 0.2
  --restarts <n>   of the upstream; default 8
  --outages <n>    of the gateway's database; default 6
  --repeats <n>    share of the requests that come again under an Idempotency-Key, 0 to 1; default 0.15
  --spares <n>     connections opened ahead; default 2

Ends with 0 when there is no difference, with 1 otherwise.
`;

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    requests: { type: 'string' },
    'at-once': { type: 'string' },
    faults: { type: 'string' },
    restarts: { type: 'string' },
    outages: { type: 'string' },
    repeats: { type: 'string' },
    spares: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

function read(flag: Exclude<keyof typeof values, 'help'>, preset: number, most: number): number {
  const value = Number(values[flag] ?? preset);
  // What is at most one is a share.
  const fits = most === 1 ? value >= 0 : Number.isSafeInteger(value) && value >= 0;
  if (fits && value <= most) return value;
  throw new Error(`--${flag} must be a number from 0 to ${most}`);
}

async function main(): Promise<number> {
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  const report = await runChaos({
    seed: read('seed', Date.now() % 1_000_000, 2 ** 31),
    requests: read('requests', 10_000, 10_000_000),
    atOnce: read('at-once', 32, 1_000),
    faultShare: read('faults', 0.2, 1),
    restarts: read('restarts', 8, 1_000),
    outages: read('outages', 6, 1_000),
    repeatShare: read('repeats', 0.15, 1),
    spares: read('spares', 2, 32),
    onProgress(settled) {
      if (settled % 1_000 === 0) console.error(`${settled} requests are settled`);
    },
  });
  console.log(table(report));
  return differencesOf(report.lines) === 0 ? 0 : 1;
}

// Whoever is told to end takes the processes along: they are killed as this one exits.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));

process.exitCode = await main();
