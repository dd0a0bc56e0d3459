import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import {
  GATEWAY_OPTIONS,
  givenGatewayOptions,
  type OwnPoints,
  parseGatewayOptions,
} from './gateway/gateway-options.ts';
import { PROFILE_NAMES } from './gateway/profiles.ts';
import { listOf } from './options.ts';
import { type Mode, PARTS, type PartName } from './plan.ts';

export const USAGE = `pnpm bench [--quick | --full] [PART...]   measures; a PART is ${PARTS.join(', ')}; default all
pnpm bench gateway --rtt 80 [OPTION...]  through the gateway on your own network, at your own sizes
pnpm bench compare A.json B.json         what changed between two runs, and whether it is beyond the noise
pnpm bench report RESULTS.json           writes a run's page and charts anew, from its figures
pnpm bench profile [--variant V]         where a client's CPU time goes, by function and library
pnpm bench profile gateway               the same of the gateway, under the load of the row "gateway overhead"
pnpm bench ab --baseline MODULE          the transports beside another build of them

  --quick       under 3 minutes; the default, into .reports/bench
  --full        25 to 30 minutes, into docs/performance
  --out DIR     where report.md, results.json and charts/ are written

Of the part gateway; each axis takes several values, separated by commas:
  --size 3MB           of the photograph; default 1MB
  --rtt 80             round trip to the upstream in milliseconds; default 50
  --window 64kB        what an HTTP/2 stream may send before it waits, in units of 1,024; default 1MB
  --at-once 4          requests side by side; default 8
  --bandwidth 100      of the uplink, in Mbit/s, for all connections together; default 1000
  --profiles a,b       ${PROFILE_NAMES.join(', ')}; default all
  --rounds 3           default 1 with --quick, 2 with --full
  --product            all values of the axes that are not named: 54 loads; it says how long it takes
`;

export type Command =
  | {
      readonly kind: 'run';
      readonly mode: Mode;
      readonly parts: readonly PartName[];
      readonly out: string;
      /** What else is asked of the part gateway. */
      readonly gateway: OwnPoints;
    }
  | { readonly kind: 'report'; readonly results: string; readonly out: string }
  | { readonly kind: 'compare'; readonly before: string; readonly after: string }
  | { readonly kind: 'profile' | 'ab'; readonly args: readonly string[] }
  | { readonly kind: 'help' };

/** Reads the command line. @throws Error that names the option. */
export function parseCommand(args: readonly string[]): Command {
  const [first, ...rest] = args;
  if (first === 'profile' || first === 'ab') return { kind: first, args: rest };
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      quick: { type: 'boolean', default: false },
      full: { type: 'boolean', default: false },
      smoke: { type: 'boolean', default: false },
      out: { type: 'string' },
      help: { type: 'boolean', default: false },
      ...GATEWAY_OPTIONS,
    },
  });
  if (values.help) return { kind: 'help' };
  if (positionals[0] === 'compare') {
    const [, before, after, ...others] = positionals;
    if (before === undefined || after === undefined || others.length > 0) {
      throw new Error('compare takes two files with results');
    }
    return { kind: 'compare', before, after };
  }
  if (positionals[0] === 'report') {
    const [, results, ...others] = positionals;
    if (results === undefined || others.length > 0) throw new Error('report takes one file with results');
    return { kind: 'report', results, out: values.out ?? dirname(results) };
  }
  const modes = (['quick', 'full', 'smoke'] as const).filter((mode) => values[mode]);
  const [mode = 'quick', ...more] = modes;
  if (more.length > 0) throw new Error(`--${mode} and --${more[0]} exclude one another`);
  const parts = partsOf(positionals);
  const [given] = givenGatewayOptions(values);
  if (given !== undefined && (parts.length > 1 || parts[0] !== 'gateway')) {
    throw new Error(`--${given} is an option of one part: pnpm bench gateway --${given} ...`);
  }
  const out = values.out ?? defaultOut(mode, positionals);
  return { kind: 'run', mode, parts, out, gateway: parseGatewayOptions(values) };
}

function partsOf(names: readonly string[]): readonly PartName[] {
  if (names.length === 0) return PARTS;
  return names.flatMap((name) => listOf('part', name, (part) => PARTS.find((known) => known === part)));
}

/** Only a whole run may replace the report that is published. */
function defaultOut(mode: Mode, parts: readonly string[]): string {
  return mode === 'full' && parts.length === 0 ? 'docs/performance' : '.reports/bench';
}
