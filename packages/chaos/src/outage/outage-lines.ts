import type { Line, RequestRecord } from '../reconcile/reconcile.ts';
import type { Look, Outage } from './outage.ts';

const WHAT: Readonly<Record<Look['at'], string>> = {
  health: 'looks at health, each telling of the database as it is',
  need: 'requests that need the database while it is away, told so',
  edit: 'outages in which edits went on',
};

/** What the outages of the database have shown, and that nobody else was bothered by them. Pure. */
export function outageLines(outages: readonly Outage[], requests: readonly RequestRecord[]): Line[] {
  const looks = outages.flatMap((outage) => outage.looks);
  const without = requests.filter(({ keyed }) => keyed === undefined);
  return [
    ...(['health', 'need', 'edit'] as const).map((kind) => {
      const those = looks.filter(({ at }) => at === kind);
      const differences = those.flatMap(({ difference }) => (difference === undefined ? [] : [difference]));
      return { what: WHAT[kind], count: those.length, differences };
    }),
    {
      what: 'requests without a key, none refused for the database',
      count: without.length,
      differences: without.flatMap(({ index, told }) =>
        told.type === 'refused' && told.code === 'database_unavailable'
          ? [`request ${index}: ${told.message}`]
          : [],
      ),
    },
  ];
}
