import { expect, test } from 'vitest';
import { runAbortChild } from '../child/run-child.ts';
import { PROFILES } from '../stage/profiles.ts';
import type { Group } from './group.ts';

/** Row 49 with 20 MB queued: what can hang a process is done in another one, under a watchdog. */
export function aborts({ claims }: Group): void {
  test.each(PROFILES)(
    '%s: aborts, limits and close() with 20 MB queued leave a process that ends by itself',
    async (profile) => {
      expect(await runAbortChild(claims, profile)).toEqual([]);
    },
  );
}
