import { NEAR_ALONE, NEAR_TOGETHER } from '../gateway/design.ts';
import { gatewaySeconds } from '../gateway/gateway-seconds.ts';
import { type GatewayPlan, measureGateway } from '../gateway/run-gateway.ts';
import { messageOf } from '../message.ts';
import { median } from '../report.ts';
import { type Measurement, ratiosOf, valuesOf } from '../results/measurement.ts';
import type { NamedRow } from '../results/named-row.ts';
import { atLeast, atMost, promised } from './row.ts';

const PROMISED_MS = 5;
const PROMISED_SHARE = 0.5;
const PROFILE = 'undici-pooled';

export type OverheadPlan = Omit<GatewayPlan, 'settings' | 'profiles'>;

const SETTINGS = [NEAR_ALONE, NEAR_TOGETHER];

export function overheadSeconds(plan: OverheadPlan): number {
  return SETTINGS.reduce(
    (sum, setting) => sum + gatewaySeconds(setting, { ...plan, profiles: [PROFILE] }),
    0,
  );
}

/** What the gateway itself takes: the upstream beside it, connections open, the simulator's image work switched off. */
export async function overheadRows(plan: OverheadPlan): Promise<NamedRow[]> {
  const measured: Measurement[] = [];
  for (const setting of SETTINGS) {
    const found = await measureGateway(setting, { ...plan, profiles: [PROFILE] }, (what, error) => {
      throw new Error(`${what}: ${messageOf(error)}`, { cause: error });
    });
    measured.push(...found);
  }
  const of = (atOnce: number, variant: string): Measurement => {
    const found = measured.find((each) => each.setting.atOnce === atOnce && each.variant === variant);
    if (found === undefined) throw new Error(`${variant} was not measured`);
    return found;
  };
  const alone = of(NEAR_ALONE.atOnce, PROFILE);
  const p50 = (variant: string): string =>
    median(valuesOf(of(NEAR_ALONE.atOnce, variant), 'p50Ms')).toFixed(1);
  const together = (variant: string): Measurement => of(NEAR_TOGETHER.atOnce, variant);
  const speed = (variant: string): string =>
    median(valuesOf(together(variant), 'megabytesPerSecond')).toFixed(0);
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
      ratiosOf(together(PROFILE), together('direct'), 'megabytesPerSecond'),
      `${speed(PROFILE)} MB/s through the gateway, ${speed('direct')} MB/s direct`,
    ),
  ];
}
