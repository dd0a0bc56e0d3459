/**
 * Where a client's time goes: a V8 CPU profile of its process under load, summed by function and by library.
 *
 *   pnpm bench profile [--variant undici-pooled] [--cell 100kB:1] [--measure-ms 5000] [--top 30]
 *     [--baseline other/dist/index.js] [--out profile.cpuprofile]
 *   pnpm bench profile gateway ...   the same of the gateway; see `profile-gateway.ts`
 */
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { listOf, wholeNumber } from './options.ts';
import { profileReport } from './profile-report.ts';
import { cellName, megabytesPerSecond, parseCell } from './transports/cell.ts';
import { parseOptions } from './transports/options.ts';
import { runLoad, startSink } from './transports/processes.ts';
import { type CpuProfile, selfTimes } from './transports/profile-summary.ts';
import { isVariant, VARIANTS } from './transports/variants.ts';

/** Prints the profile; with `--out` it is kept for another tool. */
export async function profile(args: readonly string[]): Promise<void> {
  const [first, ...rest] = args;
  if (first === 'gateway') return await (await import('./gateway/profile-gateway.ts')).profileGateway(rest);
  const { values } = parseArgs({
    args: [...args],
    options: {
      variant: { type: 'string', default: 'undici-pooled' },
      cell: { type: 'string', default: '100kB:1' },
      'measure-ms': { type: 'string', default: '5000' },
      top: { type: 'string', default: '30' },
      baseline: { type: 'string' },
      out: { type: 'string' },
    },
  });
  const [variant] = listOf('variant', values.variant, (name) => (isVariant(name) ? name : undefined));
  const [cell] = listOf('cell', values.cell, parseCell);
  const measureMs = wholeNumber('measure-ms', values['measure-ms'], 100, 60_000);
  const top = wholeNumber('top', values.top, 1, 500);
  const { baseline } = parseOptions(values.baseline === undefined ? [] : ['--baseline', values.baseline]);

  const sink = await startSink({ server: 'frames' });
  try {
    const { target } = sink;
    const load = { type: 'load', variant, target, trust: 'default', ...cell, baseline } as const;
    const measured = await runLoad({ ...load, warmUpMs: 3_000, profile: true }, measureMs);
    const text = measured.profile ?? '';
    if (values.out !== undefined) await writeFile(values.out, text);
    const times = selfTimes(JSON.parse(text) as CpuProfile);
    const speed = megabytesPerSecond(measured).toFixed(0);
    process.stdout.write(
      `### ${VARIANTS[variant].label}, ${cellName(cell)}: ${speed} MB/s while profiled\n\n`,
    );
    process.stdout.write(profileReport(times, { one: 'an upload', counted: measured.uploads, top }));
  } finally {
    await sink.stop();
  }
}
