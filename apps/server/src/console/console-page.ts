import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface ConsolePage {
  /** The built index.html; undefined when the console has not been built. */
  readonly html: string | undefined;
  /** Where its scripts, styles and pictures lie; undefined when there are none. */
  readonly assets: string | undefined;
}

/** The console as `apps/console` built it. The package is found by name, so that no path of the tree is assumed. */
export function readConsolePage(): ConsolePage {
  const dist = join(dirname(fileURLToPath(import.meta.resolve('@ferry/console/package.json'))), 'dist');
  const index = join(dist, 'index.html');
  const assets = join(dist, 'assets');
  return {
    html: existsSync(index) ? readFileSync(index, 'utf8') : undefined,
    assets: existsSync(assets) ? assets : undefined,
  };
}
