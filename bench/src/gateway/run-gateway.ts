import { rmSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { atExit } from '../children/at-exit.ts';
import { startFerry } from '../ferry-process.ts';
import { describeSetting, type Measurement, type Round } from '../results/measurement.ts';
import { distributionOf, quantile, sortedCopy } from '../results/quantiles.ts';
import { CLIENT_SECONDS, GATEWAY_SECONDS, type OnFailure, type Step } from '../steps.ts';
import { inRoundsDespiteFailures } from '../transports/rounds.ts';
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

/** A load a step, each with an upstream of its own. */
export function gatewaySteps(plan: GatewayPlan): Step[] {
  return plan.settings.map((setting) => ({
    part: 'gateway',
    name: describeSetting(setting),
    seconds: gatewaySeconds(setting, plan),
    run: async (failed) => ({ measurements: await measureGateway(setting, plan, failed) }),
  }));
}

/** About how long a load takes in all rounds of all profiles: far away the requests, nearby the processes. */
export function gatewaySeconds(
  { roundTripMs, atOnce, bodyBytes, windowBytes }: GatewaySetting,
  { profiles, rounds, warmUpMs, measureMs, minRequests }: Omit<GatewayPlan, 'settings'>,
): number {
  const roundTrips = 4 + bodyBytes / windowBytes;
  const requestSeconds = (roundTrips * roundTripMs) / 1_000 + (atOnce * bodyBytes) / 60e6;
  const loadSeconds = Math.max(
    (warmUpMs + measureMs) / 1_000 + requestSeconds,
    (minRequests / atOnce + 1) * requestSeconds,
  );
  return (
    1 + rounds * ((profiles.length + 1) * (loadSeconds + CLIENT_SECONDS) + profiles.length * GATEWAY_SECONDS)
  );
}

/** Every profile, and the way without a gateway, under one load; a fresh gateway and a fresh client for each run. */
export async function measureGateway(
  setting: GatewaySetting,
  plan: Omit<GatewayPlan, 'settings'>,
  failed: OnFailure,
): Promise<Measurement[]> {
  await using away = new AsyncDisposableStack();
  const imagePath = await writePhotograph(setting.bodyBytes, away);
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
  const run = (variant: Variant): Promise<Run> =>
    variant === 'direct'
      ? measureDirect({ ...order, to: 'direct' }, setting, upstream)
      : measureProfile(variant, { ...order, to: 'gateway' }, setting, upstream);
  const runs = await inRoundsDespiteFailures(variants, plan.rounds, run, (variant, round, error) =>
    failed(`${describeSetting(setting)}: ${labelOf(variant)}, round ${round + 1}`, error),
  );
  const base = runs.get(DIRECT.name) ?? [];
  return [...runs].map(([variant, each]) => measurementOf(variant, setting, each, base));
}

async function writePhotograph(bodyBytes: number, away: AsyncDisposableStack): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'ferry-bench-'));
  const release = atExit(() => rmSync(directory, { recursive: true, force: true }));
  away.defer(async () => {
    await rm(directory, { recursive: true, force: true });
    release();
  });
  const path = join(directory, 'photograph.jpg');
  await writeFile(path, await photograph(bodyBytes));
  return path;
}

function labelOf(variant: Variant): string {
  return variant === DIRECT.name ? DIRECT.label : PROFILES[variant].label;
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
  runs: readonly (Run | undefined)[],
  base: readonly (Run | undefined)[],
): Measurement {
  const rounds = runs.map((run, i): Round => {
    const round = run?.round ?? {};
    const direct = base[i]?.round.p50Ms;
    return direct === undefined || round.p50Ms === undefined || variant === DIRECT.name
      ? round
      : { ...round, overheadMs: round.p50Ms - direct };
  });
  const distribution = distributionOf(runs.flatMap((run) => run?.latenciesMs ?? []));
  const measurement: Measurement = { part: 'gateway', setting, variant, label: labelOf(variant), rounds };
  return distribution === undefined ? measurement : { ...measurement, distribution };
}
