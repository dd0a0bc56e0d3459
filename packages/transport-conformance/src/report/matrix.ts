import type { ProfileName } from '../expectation.ts';
import { type Growth, megabytes } from '../memory/growth.ts';
import type { TransportReport } from './transport-report.ts';

const MARK = {
  passes: 'ok',
  differs: 'ok (differs)',
  known: 'known failure',
  fails: '**fails**',
  'n/a': 'n/a',
  missing: '**missing**',
} as const;
const ORDER = ['passes', 'differs', 'known', 'fails', 'n/a'] as const;

/** The matrix as Markdown. Pure. */
export function matrix(reports: readonly TransportReport[]): string {
  const columns = reports.flatMap((report) => report.profiles.map((profile) => ({ report, profile })));
  const lines = new Map<string, { row: number; title: string }>();
  for (const { cases } of reports) {
    for (const { row, title } of cases) lines.set(`${row} ${title}`, { row, title });
  }
  const cell = (report: TransportReport, profile: ProfileName, row: number, title: string): string => {
    const found = report.cases.find((c) => c.row === row && c.title === title && c.profile === profile);
    return MARK[found?.result ?? 'missing'];
  };
  const body = [...lines.values()]
    .sort((a, b) => a.row - b.row)
    .map(({ row, title }) =>
      [row, title.replaceAll('|', '\\|'), ...columns.map((c) => cell(c.report, c.profile, row, title))].join(
        ' | ',
      ),
    );
  const heads = columns.map(({ report, profile }) => `${report.transport} ${profile}`);
  const notes = reports.flatMap(({ transport, cases }) =>
    cases
      .filter(({ result }) => result !== 'passes' && result !== 'n/a')
      .map(
        ({ row, title, profile, result, observed, notes: why }) =>
          `- ${transport} ${profile}, row ${row}, ${title}: ${result}. ${[observed, ...why].filter(Boolean).join('; ')}`,
      ),
  );
  return [
    '# Conformance: every row of the fault table, every transport, every profile',
    '',
    ...reports.map(
      (report) => `- ${report.transport} (${report.protocol}), ${report.at}: ${counts(report, lines.size)}`,
    ),
    '',
    '`n/a`: it cannot be met there, for a reason given below. `**missing**`: it should have been played.',
    '',
    `| row | fault | ${heads.join(' | ')} |`,
    `| --- | --- | ${heads.map(() => '---').join(' | ')} |`,
    ...body.map((line) => `| ${line} |`),
    '',
    ...measuredLines(reports),
    ...reports.flatMap(churnLines),
    ...(notes.length > 0 ? ['## What is not simply ok', '', ...notes, ''] : []),
    ...reasonLines(reports),
  ].join('\n');
}

/** How the cells of a transport's columns stand. */
function counts({ cases, profiles }: TransportReport, lines: number): string {
  const many = Map.groupBy(cases, ({ result }) => result);
  const missing = lines * profiles.length - cases.length;
  const told = [
    ...ORDER.map((result) => [MARK[result], many.get(result)?.length ?? 0] as const),
    [MARK.missing, missing] as const,
  ];
  return told.flatMap(([mark, count]) => (count > 0 ? [`${count} ${mark}`] : [])).join(', ');
}

/** Why what is not applicable is not, each reason once. */
function reasonLines(reports: readonly TransportReport[]): string[] {
  const absent = reports.flatMap(({ transport, cases }) =>
    cases.flatMap(({ result, row, profile, notes }) =>
      result === 'n/a' ? [{ because: notes.join('; '), row, where: `${transport} ${profile}` }] : [],
    ),
  );
  const lines = [...Map.groupBy(absent, ({ because }) => because)].map(([because, cells]) => {
    const rows = [...new Set(cells.map(({ row }) => row))].sort((a, b) => a - b);
    const where = [...new Set(cells.map((cell) => cell.where))];
    return `- row ${rows.join(', ')} (${where.join(', ')}): ${because}`;
  });
  return lines.length > 0 ? ['## What does not apply', '', ...lines, ''] : [];
}

function measuredLines(reports: readonly TransportReport[]): string[] {
  const lines = reports.flatMap(({ transport, cases }) =>
    cases.flatMap(({ row, profile, measured }) =>
      measured === undefined ? [] : [`- ${transport} ${profile}, row ${row}: ${measured}`],
    ),
  );
  return lines.length > 0 ? ['## Memory', '', ...lines, ''] : [];
}

function churnLines({ transport, churn }: TransportReport): string[] {
  if (churn === undefined) return [];
  const { memory, kept } = churn;
  const endings = Object.entries(churn.endings).sort(([, a], [, b]) => b - a);
  return [
    `## Churn of ${transport}: ${churn.sends} sends from seed ${churn.seed}`,
    '',
    ...endings.map(([ending, count]) => `- ${count} ${ending}`),
    '',
    ...(memory === undefined ? [] : [held(memory, kept), '']),
  ];
}

function held({ first, most, last }: Growth, kept: number | undefined): string {
  const [began, top, ended] = [first, most, last].map(megabytes);
  const slope = kept === undefined ? '' : `; ${kept} bytes a send by its slope`;
  return `Memory after garbage collection: ${began} after the first round, ${top} at most, ${ended} at the end${slope}.`;
}
