import { expect, test } from 'vitest';
import { crawl } from '../memory/crawl.ts';
import type { CaseReport } from '../report/transport-report.ts';
import { PROFILES } from '../stage/profiles.ts';
import type { Group } from './group.ts';

const TITLE = 'an upload that crawls at one byte a segment leaves memory flat, and arrives';

/** Its line in the matrix. */
export const MEMORY_ALONE = { row: 45, title: TITLE } as const;

/** The second half of row 45: memory, measured in a process that holds nothing but the transport. */
export function memory(group: Group, onCase: (report: CaseReport) => void): void {
  test.each(PROFILES)(
    `%s: ${TITLE}`,
    async (profile) => {
      const { findings, measured } = await crawl(group, profile);
      const result = findings.length === 0 ? 'passes' : 'fails';
      onCase({ ...MEMORY_ALONE, profile, result, observed: '', notes: findings, measured });
      expect(findings).toEqual([]);
    },
    90_000,
  );
}
