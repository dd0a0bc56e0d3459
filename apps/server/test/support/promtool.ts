import { existsSync } from 'node:fs';
import { test } from 'vitest';

/** Where Debian's package `prometheus` puts it. */
export const PROMTOOL = '/usr/bin/promtool';

const isThere = existsSync(PROMTOOL);
const WHY = 'left out: no promtool here, run scripts/install-debian.sh';

/**
 * A test that needs promtool. Without it the test is left out, and says why; CI installs it and lets nothing be left out.
 */
export function withPromtool(name: string, run: () => Promise<void>): void {
  if (isThere) test(name, run);
  else if (process.env.CI === 'true') {
    test(name, () => {
      throw new Error(WHY);
    });
  } else test(name, (context) => context.skip(WHY));
}
