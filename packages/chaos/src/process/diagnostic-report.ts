import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

/** Stack frames that are told of. */
const FRAMES = 8;

const report = z.object({
  header: z.object({ event: z.string(), dumpEventTime: z.string() }),
  javascriptStack: z.object({ message: z.string(), stack: z.array(z.string()).optional() }),
  nativeStack: z.array(z.object({ symbol: z.string() })),
});

/** Has Node write down why it died, also where its own JavaScript has no say: an abort in V8, no memory left (node(1), "report"). */
export function reportsTo(folder: string): string[] {
  return [
    '--report-on-fatalerror',
    '--report-uncaught-exception',
    '--report-exclude-network',
    '--report-exclude-env',
    `--report-directory=${folder}`,
  ];
}

/** What Node's reports in this folder say, in a few lines each. */
export function reportsIn(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => name.startsWith('report.'))
    .flatMap((name) => {
      const { header, javascriptStack, nativeStack } = report.parse(
        JSON.parse(readFileSync(join(folder, name), 'utf8')),
      );
      return [
        `Node reports: ${header.event} at ${header.dumpEventTime}`,
        javascriptStack.message,
        ...(javascriptStack.stack ?? []).slice(0, FRAMES),
        ...nativeStack.slice(0, FRAMES).map(({ symbol }) => functionOf(symbol)),
      ];
    });
}

/** `node::Start(int, char**) [/usr/bin/node]` without what is the same in every frame. */
const functionOf = (symbol: string): string => symbol.replace(/\(.*|\s*\[[^\]]*\]$/s, '') || '(no name)';
