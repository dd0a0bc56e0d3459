import { NEAR_ALONE, NEAR_TOGETHER } from '../gateway/design.ts';
import { type GatewayPlan, runGateway } from '../gateway/run-gateway.ts';
import { median } from '../report.ts';
import { type Measurement, valuesOf } from '../results/measurement.ts';
import type { NamedRow } from '../results/named-row.ts';
import { atLeast, atMost, promised, ratios } from './row.ts';

const PROMISED_MS = 5;
const PROMISED_SHARE = 0.5;
const PROFILE = 'undici-pooled';

/** What the gateway itself takes: the upstream beside it, connections open, the simulator's image work switched off. */
export async function overheadRows(
  plan: Omit<GatewayPlan, 'settings' | 'profiles'>,
  say: (line: string) => void,
): Promise<NamedRow[]> {
  const settings = [NEAR_ALONE, NEAR_TOGETHER];
  const measured = await runGateway({ ...plan, settings, profiles: [PROFILE] }, say);
  const of = (atOnce: number, variant: string): Measurement => {
    const found = measured.find((each) => each.setting.atOnce === atOnce && each.variant === variant);
    if (found === undefined) throw new Error(`${variant} was not measured`);
    return found;
  };
  const alone = of(NEAR_ALONE.atOnce, PROFILE);
  const p50 = (variant: string): string =>
    median(valuesOf(of(NEAR_ALONE.atOnce, variant), 'p50Ms')).toFixed(1);
  const speeds = (variant: string): readonly number[] =>
    valuesOf(of(NEAR_TOGETHER.atOnce, variant), 'megabytesPerSecond');
  const speed = (variant: string): string => median(speeds(variant)).toFixed(0);
  return [
    promised(
      'gateway overhead',
      'Through the gateway minus direct, p50, 1 MB, one at a time',
      atMost(PROMISED_MS, 'ms'),
      valuesOf(alone, 'overheadMs'),
      `${p50(PROFILE)} ms through the gateway, ${p50('direct')} ms direct`,
    ),
    promised(
      'gateway throughput',
      'Through the gateway to direct, MB/s, 1 MB, 8 at once',
      atLeast(PROMISED_SHARE, 'x'),
      ratios(speeds(PROFILE), speeds('direct')),
      `${speed(PROFILE)} MB/s through the gateway, ${speed('direct')} MB/s direct`,
    ),
  ];
}
