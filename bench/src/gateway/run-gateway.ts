import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startFerry } from '../ferry-process.ts';
import { describeSetting, type Measurement, type Round } from '../results/measurement.ts';
import { distributionOf, quantile, sortedCopy } from '../results/quantiles.ts';
import { inRounds } from '../transports/rounds.ts';
import type { GatewaySetting } from './design.ts';
import { type LoadOrder, type LoadSeen, runLoadProcess } from './load.ts';
import { photograph } from './photograph.ts';
import { cpuSecondsOf, peakMegabytesOf } from './process-meter.ts';
import { connectionsOpened, startRoad, startUpstream, type UpstreamProcess } from './processes.ts';
import { DIRECT, PROFILES, type ProfileName } from './profiles.ts';

/** 200 Mbit/s for each connection, in each direction. Without a distance there is no road and no limit. */
const ROAD_BYTES_PER_SECOND = 25_000_000;

export interface GatewayPlan {
  readonly settings: readonly GatewaySetting[];
  readonly profiles: readonly ProfileName[];
  readonly rounds: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
  readonly minRequests: number;
  /** The longest one load may take. */
  readonly maxMs: number;
}

type Variant = ProfileName | typeof DIRECT.name;

interface Run {
  readonly round: Round;
  readonly latenciesMs: readonly number[];
}

/** Every profile, and the way without a gateway, under every load; a fresh gateway and a fresh client for each run. */
export async function runGateway(plan: GatewayPlan, say: (line: string) => void): Promise<Measurement[]> {
  const directory = await mkdtemp(join(tmpdir(), 'ferry-bench-'));
  try {
    const measurements: Measurement[] = [];
    for (const setting of plan.settings) {
      say(`gateway: ${describeSetting(setting)}`);
      const imagePath = join(directory, `${setting.bodyBytes}.jpg`);
      await writeFile(imagePath, await photograph(setting.bodyBytes));
      measurements.push(...(await measure(setting, imagePath, plan)));
    }
    return measurements;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function measure(
  setting: GatewaySetting,
  imagePath: string,
  plan: GatewayPlan,
): Promise<Measurement[]> {
  await using away = new AsyncDisposableStack();
  const upstream = await startUpstream(setting.windowBytes);
  away.defer(() => upstream.stop());
  let { url } = upstream;
  const { roundTripMs } = setting;
  if (roundTripMs > 0) {
    const road = await startRoad(url, { roundTripMs, bytesPerSecond: ROAD_BYTES_PER_SECOND });
    away.defer(() => road.stop());
    url = road.url;
  }
  const { caPem } = upstream;
  const { warmUpMs, measureMs, minRequests, maxMs } = plan;
  const { atOnce } = setting;
  const order = { origin: url, caPem, imagePath, atOnce, warmUpMs, measureMs, minRequests, maxMs };
  const variants: readonly Variant[] = [DIRECT.name, ...plan.profiles];
  const runs = await inRounds(variants, plan.rounds, (variant) =>
    variant === 'direct'
      ? measureDirect({ ...order, to: 'direct' }, setting, upstream)
      : measureProfile(variant, { ...order, to: 'gateway' }, setting, upstream),
  );
  const base = runs.get(DIRECT.name) ?? [];
  return [...runs].map(([variant, each]) => measurementOf(variant, setting, each, base));
}

async function measureDirect(
  order: LoadOrder,
  setting: GatewaySetting,
  upstream: UpstreamProcess,
): Promise<Run> {
  const opened = await counting(upstream);
  const seen = await runLoadProcess(order, opened.begin);
  return runOf(seen, setting, { connections: await opened.end() });
}

async function measureProfile(
  profile: ProfileName,
  order: LoadOrder,
  setting: GatewaySetting,
  upstream: UpstreamProcess,
): Promise<Run> {
  const environment = PROFILES[profile].environment(setting.atOnce);
  const ferry = await startFerry(environment, { url: order.origin, caPem: upstream.caPem });
  try {
    const opened = await counting(upstream);
    let cpuBefore: number | undefined;
    const seen = await runLoadProcess({ ...order, origin: ferry.url }, () => {
      cpuBefore = cpuSecondsOf(ferry.pid);
      opened.begin();
    });
    const cpuAfter = cpuSecondsOf(ferry.pid);
    return runOf(seen, setting, {
      connections: await opened.end(),
      cpuSeconds: cpuBefore === undefined || cpuAfter === undefined ? undefined : cpuAfter - cpuBefore,
      peakMegabytes: peakMegabytesOf(ferry.pid),
    });
  } finally {
    await ferry.stop();
  }
}

/** Counts the connections that the upstream accepts while a load is measured. */
async function counting(upstream: UpstreamProcess): Promise<{ begin(): void; end(): Promise<number> }> {
  let before = connectionsOpened(upstream);
  await before;
  return {
    begin: () => {
      before = connectionsOpened(upstream);
      before.catch(() => undefined);
    },
    end: async () => (await connectionsOpened(upstream)) - (await before),
  };
}

interface Around {
  readonly connections: number;
  readonly cpuSeconds?: number | undefined;
  readonly peakMegabytes?: number | undefined;
}

function runOf(seen: LoadSeen, { bodyBytes }: GatewaySetting, around: Around): Run {
  const { latenciesMs, answered: requests, failures, ms, cpuMs, peakRssBytes } = seen;
  const gigabytes = (requests * bodyBytes) / 1e9;
  const sorted = sortedCopy(latenciesMs);
  const { connections, cpuSeconds, peakMegabytes } = around;
  const round: Round = {
    requests,
    failures,
    successRate: requests / Math.max(1, requests + failures),
    ...(latenciesMs.length > 0 && {
      p50Ms: quantile(sorted, 0.5),
      p90Ms: quantile(sorted, 0.9),
      p99Ms: quantile(sorted, 0.99),
      requestsPerSecond: (requests / ms) * 1_000,
      megabytesPerSecond: (requests * bodyBytes) / 1_000 / ms,
      connectionsPerRequest: connections / requests,
      clientCpuSecondsPerGigabyte: cpuMs / 1_000 / gigabytes,
      ...(cpuSeconds !== undefined && { gatewayCpuSecondsPerGigabyte: cpuSeconds / gigabytes }),
    }),
    clientPeakMegabytes: peakRssBytes / 1_000_000,
    ...(peakMegabytes !== undefined && { gatewayPeakMegabytes: peakMegabytes }),
  };
  return { round, latenciesMs };
}

/** The overhead of a round is formed with the direct run of the same round: both had the same machine. */
function measurementOf(
  variant: Variant,
  setting: GatewaySetting,
  runs: readonly Run[],
  base: readonly Run[],
): Measurement {
  const rounds = runs.map(({ round }, i): Round => {
    const direct = base[i]?.round.p50Ms;
    return direct === undefined || round.p50Ms === undefined || variant === DIRECT.name
      ? round
      : { ...round, overheadMs: round.p50Ms - direct };
  });
  const distribution = distributionOf(runs.flatMap(({ latenciesMs }) => latenciesMs));
  const label = variant === DIRECT.name ? DIRECT.label : PROFILES[variant].label;
  const measurement: Measurement = { part: 'gateway', setting, variant, label, rounds };
  return distribution === undefined ? measurement : { ...measurement, distribution };
}
