import { markdownTable } from './report.ts';
import { type SelfTime, selfTimesByOwner } from './transports/profile-summary.ts';

/** Self time by owner and by function, most first. @param counted how many of `one`, such as uploads, the profile covers. */
export function profileReport(
  times: readonly SelfTime[],
  { one, counted, top }: { readonly one: string; readonly counted: number; readonly top: number },
): string {
  const table = (title: string, rows: readonly SelfTime[]): string =>
    markdownTable(
      [title, 'of busy time', `µs ${one}`],
      rows.map(({ place, ms, share }) => [
        place,
        `${(share * 100).toFixed(1)} %`,
        ((ms * 1_000) / counted).toFixed(1),
      ]),
    );
  return `${table('owner', selfTimesByOwner(times))}\n${table('function', times.slice(0, top))}`;
}
