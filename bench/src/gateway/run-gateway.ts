import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryFolder } from '../children/temporary-folder.ts';
import { startFerry } from '../ferry-process.ts';
import { describeSetting, type Measurement, type Round } from '../results/measurement.ts';
import { distributionOf, latencyFigures } from '../results/quantiles.ts';
import type { OnFailure, Step } from '../steps.ts';
import { inRoundsDespiteFailures } from '../transports/rounds.ts';
import type { GatewaySetting } from './design.ts';
import { gatewaySeconds } from './gateway-seconds.ts';
import { type LoadLength, type LoadOrder, type LoadSeen, runLoadProcess } from './load.ts';
import { photograph } from './photograph.ts';
import { cpuSecondsOf, peakMegabytesOf } from './process-meter.ts';
import { connectionsOpened, startRoad, startUpstream, type UpstreamProcess } from './processes.ts';
import { DIRECT, PROFILES, type ProfileName } from './profiles.ts';

export interface GatewayPlan extends LoadLength {
  readonly settings: readonly GatewaySetting[];
  readonly profiles: readonly ProfileName[];
  readonly rounds: number;
  /** Of the uplink, in each direction, for all connections together. Without a distance there is no road and no limit. */
  readonly bytesPerSecond: number;
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
    const road = await startRoad(url, { roundTripMs, bytesPerSecond: plan.bytesPerSecond });
    away.defer(() => road.stop());
    url = road.url;
  }
  const { caPem } = upstream;
  const { warmUpMs, warmUpRequests, measureMs, minRequests, minEach, maxMs } = plan;
  const { atOnce } = setting;
  const length: LoadLength = { warmUpMs, warmUpRequests, measureMs, minRequests, minEach, maxMs };
  const order = { ...length, origin: url, caPem, imagePath, atOnce };
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
  const folder = away.use(await temporaryFolder());
  const path = join(folder.path, 'photograph.jpg');
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
  const { latenciesMs, failures, ms, cpuMs, peakRssBytes } = seen;
  const answered = latenciesMs.length;
  const gigabytes = (answered * bodyBytes) / 1e9;
  const { connections, cpuSeconds, peakMegabytes } = around;
  const round: Round = {
    requests: answered + failures,
    failures,
    successRate: answered / (answered + failures),
    ...latencyFigures(latenciesMs),
    requestsPerSecond: (answered / ms) * 1_000,
    megabytesPerSecond: (answered * bodyBytes) / 1_000 / ms,
    connectionsPerRequest: connections / answered,
    clientCpuSecondsPerGigabyte: cpuMs / 1_000 / gigabytes,
    ...(cpuSeconds !== undefined && { gatewayCpuSecondsPerGigabyte: cpuSeconds / gigabytes }),
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
