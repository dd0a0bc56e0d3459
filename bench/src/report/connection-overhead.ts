import type { ProfileName } from '../gateway/profiles.ts';
import { markdownTable } from '../report.ts';
import { describeSetting, type Measurement } from '../results/measurement.ts';
import { formatSpread, type Spread, spread } from '../transports/statistics.ts';

interface Pair {
  readonly name: string;
  readonly variant: ProfileName;
  /** The same protocol on connections that are open already. */
  readonly base: ProfileName;
}

const PAIRS: readonly Pair[] = [
  { name: 'HTTP/2 fresh', variant: 'undici-fresh', base: 'undici-pooled' },
  { name: 'HTTP/2 prewarmed', variant: 'undici-prewarmed', base: 'undici-pooled' },
  { name: 'HTTP/1.1 fresh', variant: 'http1-fresh', base: 'http1-keepalive' },
];

/** What connections of their own cost a request, at one load. */
interface ConnectionOverhead {
  readonly pair: Pair;
  readonly setting: Measurement['setting'];
  /** p50 minus that of open connections, of the same round. Milliseconds. */
  readonly ms: Spread;
}

/** At every load at which both were measured, one at a time first, then by distance. */
function connectionOverheads(measurements: readonly Measurement[]): ConnectionOverhead[] {
  const gateway = measurements.filter(({ part }) => part === 'gateway');
  const loads = [...Map.groupBy(gateway, ({ setting }) => describeSetting(setting)).values()];
  return loads
    .flatMap((load) =>
      PAIRS.flatMap((pair): ConnectionOverhead[] => {
        const of = load.find(({ variant }) => variant === pair.variant);
        const base = load.find(({ variant }) => variant === pair.base);
        if (of === undefined || base === undefined) return [];
        const ms = of.rounds.flatMap(({ p50Ms }, round) => {
          const open = base.rounds[round]?.p50Ms;
          return p50Ms === undefined || open === undefined ? [] : [p50Ms - open];
        });
        return ms.length === 0 ? [] : [{ pair, setting: of.setting, ms: spread(ms) }];
      }),
    )
    .sort(
      (a, b) =>
        a.setting.atOnce - b.setting.atOnce || (a.setting.roundTripMs ?? 0) - (b.setting.roundTripMs ?? 0),
    );
}

/** A load a row: milliseconds and round trips. Empty without such loads. */
export function connectionOverheadTable(measurements: readonly Measurement[]): string {
  const all = connectionOverheads(measurements);
  if (all.length === 0) return '';
  const pairs = PAIRS.filter((pair) => all.some((one) => one.pair === pair));
  const loads = Map.groupBy(all, ({ setting }) => describeSetting(setting));
  const rows = [...loads].map(([setting, each]) => [
    setting,
    ...pairs.flatMap((pair) => cells(each.find((one) => one.pair === pair))),
  ]);
  return markdownTable(['', ...pairs.flatMap(({ name }) => [`${name}, ms`, 'round trips'])], rows);
}

function cells(overhead: ConnectionOverhead | undefined): [string, string] {
  if (overhead === undefined) return ['', ''];
  const { ms, setting } = overhead;
  const { roundTripMs = 0 } = setting;
  return [formatSpread(ms, 0), roundTripMs === 0 ? '' : (ms.median / roundTripMs).toFixed(1)];
}
