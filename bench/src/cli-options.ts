import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import { listOf } from './options.ts';
import { type Mode, PARTS, type PartName } from './plan.ts';

export const USAGE = `pnpm bench [--quick | --full] [PART...]   measures; a PART is ${PARTS.join(', ')}; default all
pnpm bench compare A.json B.json         what changed between two runs, and whether it is beyond the noise
pnpm bench report RESULTS.json           writes a run's page and charts anew, from its figures
pnpm bench profile [--variant V]         where a client's CPU time goes, by function and library
pnpm bench ab --baseline MODULE          the transports beside another build of them

  --quick       under 3 minutes; the default, into .reports/bench
  --full        under 12 minutes, into docs/performance
  --out DIR     where report.md, results.json and charts/ are written
`;

export type Command =
  | { readonly kind: 'run'; readonly mode: Mode; readonly parts: readonly PartName[]; readonly out: string }
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
  return { kind: 'run', mode, parts: partsOf(positionals), out: values.out ?? defaultOut(mode, positionals) };
}

function partsOf(names: readonly string[]): readonly PartName[] {
  if (names.length === 0) return PARTS;
  return names.flatMap((name) => listOf('part', name, (part) => PARTS.find((known) => known === part)));
}

/** Only a whole run may replace the report that is published. */
function defaultOut(mode: Mode, parts: readonly string[]): string {
  return mode === 'full' && parts.length === 0 ? 'docs/performance' : '.reports/bench';
}
