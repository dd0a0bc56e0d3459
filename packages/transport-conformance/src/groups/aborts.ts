import { expect, test } from 'vitest';
import { runChild } from '../child/run-child.ts';
import type { CaseReport } from '../report/transport-report.ts';
import { PROFILES } from '../stage/profiles.ts';
import type { Group } from './group.ts';

const TITLE = 'aborts, limits and close() with 20 MB queued leave a process that ends by itself';

/** Its line in the matrix. */
export const ABORTS_ALONE = { row: 49, title: TITLE } as const;

/** Row 49 with 20 MB queued: what can hang a process is done in another one, under a watchdog. */
export function aborts({ claims }: Group, onCase: (report: CaseReport) => void): void {
  test.each(PROFILES)(
    `%s: ${TITLE}`,
    async (profile) => {
      const args = [claims.module, claims.protocol, profile];
      const script = new URL('../child/abort-child.ts', import.meta.url);
      const end = await runChild({ script, args });
      const notes = end.type === 'finding' ? [end.finding] : (JSON.parse(end.out) as readonly string[]);
      const result = notes.length === 0 ? 'passes' : 'fails';
      onCase({ ...ABORTS_ALONE, profile, result, observed: '', notes });
      expect(notes).toEqual([]);
    },
    90_000,
  );
}
