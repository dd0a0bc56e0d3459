import type { Told } from '../client/told.ts';
import type { ChaosReport } from '../run.ts';

/** Sentences shown for one line of the table. */
const SHOWN = 10;

/** The reconciliation as people read it. Pure. */
export function table({ options, requests, ledger, lines, durationMs }: ChaosReport): string {
  const { seed, atOnce, faultShare, restarts, outages, repeatShare, spares } = options;
  const width = Math.max(...lines.map(({ what }) => what.length));
  const row = (what: string, count: string, differences: string): string =>
    `${what.padEnd(width)}  ${count.padStart(9)}  ${differences.padStart(11)}`;
  const struck = ledger.filter(({ fault }) => fault !== undefined).length;
  const of = (path: string): number => ledger.filter((entry) => entry.path === path).length;
  return [
    `Chaos from seed ${seed}: ${number(options.requests)} requests, ${atOnce} at once, ${100 * repeatShare} % of them repeated, ` +
      `faults at ${100 * faultShare} %,`,
    `${restarts} restarts of the upstream, ${outages} outages of the database, ${Math.round(durationMs / 1000)} s`,
    '',
    `Clients: ${tally(requests.map(({ told }) => inWords(told)))}`,
    `Upstream: ${number(of('/v1/files'))} uploads and ${number(of('/v1/images/edits'))} edits were begun, ${number(struck)} requests met a fault`,
    '',
    row('', 'looked at', 'differences'),
    ...lines.flatMap(({ what, count, differences }) => [
      row(what, number(count), number(differences.length)),
      ...differences.slice(0, SHOWN).map((sentence) => `    ${sentence}`),
    ]),
    '',
    `Differences: ${number(differencesOf(lines))}. Again: pnpm chaos --seed ${seed} --requests ${options.requests} --at-once ${atOnce} ` +
      `--faults ${faultShare} --restarts ${restarts} --outages ${outages} --repeats ${repeatShare} --spares ${spares}`,
  ].join('\n');
}

/** How many sentences there are in all. */
export function differencesOf(lines: ChaosReport['lines']): number {
  return lines.reduce((sum, { differences }) => sum + differences.length, 0);
}

function inWords(told: Told): string {
  switch (told.type) {
    case 'edited':
      return told.replayed ? 'answered again' : 'edited';
    case 'refused':
      return `${told.status} ${told.code}`;
    case 'left':
      return 'went away';
    case 'broken':
      return 'broken off';
    case 'hung':
      return 'never answered';
  }
}

function tally(words: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return [...counts]
    .sort(([, a], [, b]) => b - a)
    .map(([word, count]) => `${number(count)} ${word}`)
    .join(', ');
}

function number(value: number): string {
  return value.toLocaleString('en-GB');
}
