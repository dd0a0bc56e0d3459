import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { temporaryFolder } from '../children/temporary-folder.ts';
import { startFerry } from '../ferry-process.ts';
import { listOf, wholeNumber } from '../options.ts';
import { profileReport } from '../profile-report.ts';
import { describeSetting } from '../results/measurement.ts';
import { latencyFigures } from '../results/quantiles.ts';
import { type CpuProfile, selfTimes, within } from '../transports/profile-summary.ts';
import { NEAR_ALONE } from './design.ts';
import { runLoadProcess } from './load.ts';
import { photograph } from './photograph.ts';
import { startUpstream } from './processes.ts';
import { isProfile, PROFILES } from './profiles.ts';

const SAMPLE_MICROSECONDS = 200;
const WARM_UP_MS = 3_000;
const GRACE_MS = 60_000;

/**
 * Where the gateway's time goes under the load of the row "gateway overhead": a V8 CPU profile of its process, without its start and its
 * warm-up, summed by owner and by function.
 *
 *   pnpm bench profile gateway [--profile undici-pooled] [--measure-ms 5000] [--top 30] [--out gateway.cpuprofile]
 */
export async function profileGateway(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      profile: { type: 'string', default: 'undici-pooled' },
      'measure-ms': { type: 'string', default: '5000' },
      top: { type: 'string', default: '30' },
      out: { type: 'string' },
    },
  });
  const [profile] = listOf('profile', values.profile, (name) => (isProfile(name) ? name : undefined));
  const measureMs = wholeNumber('measure-ms', values['measure-ms'], 100, 60_000);
  const top = wholeNumber('top', values.top, 1, 500);

  await using away = new AsyncDisposableStack();
  const folder = away.use(await temporaryFolder());
  const imagePath = join(folder.path, 'photograph.jpg');
  await writeFile(imagePath, await photograph(NEAR_ALONE.bodyBytes));
  const upstream = await startUpstream(NEAR_ALONE.windowBytes);
  away.defer(() => upstream.stop());
  const profiles = join(folder.path, 'profiles');
  const profiling = [
    '--cpu-prof',
    `--cpu-prof-dir=${profiles}`,
    `--cpu-prof-interval=${SAMPLE_MICROSECONDS}`,
  ];
  const environment = PROFILES[profile].environment(NEAR_ALONE.atOnce);
  const ferry = await startFerry(environment, upstream, profiling, 'modules');
  away.defer(() => ferry.stop());
  let from = 0;
  const { latenciesMs } = await runLoadProcess(
    {
      to: 'gateway',
      origin: ferry.url,
      caPem: upstream.caPem,
      imagePath,
      atOnce: NEAR_ALONE.atOnce,
      warmUpMs: WARM_UP_MS,
      warmUpRequests: 2,
      measureMs,
      minRequests: 1,
      minEach: 1,
      maxMs: WARM_UP_MS + measureMs + GRACE_MS,
    },
    () => {
      from = monotonicMicroseconds();
    },
  );
  const to = monotonicMicroseconds();
  // It writes the profile when it ends.
  await ferry.stop();
  const [name] = await readdir(profiles);
  if (name === undefined) throw new Error('the gateway has left no profile');
  const text = await readFile(join(profiles, name), 'utf8');
  if (values.out !== undefined) await writeFile(values.out, text);
  const times = selfTimes(within(JSON.parse(text) as CpuProfile, from, to));
  const p50 = latencyFigures(latenciesMs).p50Ms?.toFixed(1);
  process.stdout.write(
    `### ${PROFILES[profile].label}, ${describeSetting(NEAR_ALONE)}: p50 ${p50} ms while profiled\n\n`,
  );
  process.stdout.write(profileReport(times, { one: 'a request', counted: latenciesMs.length, top }));
}

/** The clock by which V8 dates its samples, in every process of a machine. */
function monotonicMicroseconds(): number {
  return Number(process.hrtime.bigint() / 1_000n);
}
