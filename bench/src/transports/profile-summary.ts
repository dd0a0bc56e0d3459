/** The parts of a V8 CPU profile (`.cpuprofile`) that are read here. */
export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  }[];
  /** Microseconds of the machine's monotonic clock. */
  readonly startTime: number;
  /** The node seen at each sample. */
  readonly samples: readonly number[];
  /** Microseconds since the sample before. */
  readonly timeDeltas: readonly number[];
}

export interface SelfTime {
  /** `name  file:line`; V8's own states, such as `(garbage collector)`, have no file. */
  readonly place: string;
  readonly ms: number;
  /** Of all the time that was not idle. */
  readonly share: number;
}

const IDLE = '(idle)';

/** The samples of a part of the time, in microseconds as `startTime`. */
export function within(profile: CpuProfile, from: number, to: number): CpuProfile {
  let at = profile.startTime;
  const kept = profile.timeDeltas.flatMap((delta, i) => {
    at += delta;
    return at >= from && at <= to ? [i] : [];
  });
  return {
    ...profile,
    startTime: Math.max(profile.startTime, from),
    samples: kept.flatMap((i) => profile.samples[i] ?? []),
    timeDeltas: kept.flatMap((i) => profile.timeDeltas[i] ?? []),
  };
}

/** Where the time went: functions by the time spent in them and in nothing they call, most first. Idle time is left out. */
export function selfTimes(profile: CpuProfile): SelfTime[] {
  const places = new Map(profile.nodes.map(({ id, callFrame }) => [id, placeOf(callFrame)]));
  const micros = new Map<string, number>();
  profile.samples.forEach((id, i) => {
    const place = places.get(id) ?? '(unknown)';
    if (place !== IDLE) micros.set(place, (micros.get(place) ?? 0) + (profile.timeDeltas[i] ?? 0));
  });
  const total = [...micros.values()].reduce((sum, value) => sum + value, 0);
  return [...micros]
    .map(([place, value]) => ({ place, ms: value / 1_000, share: value / total }))
    .sort((a, b) => b.ms - a.ms);
}

/** Self time by package: Node's own modules, V8's states, and each library or workspace package. */
export function selfTimesByOwner(times: readonly SelfTime[]): SelfTime[] {
  const owners = new Map<string, SelfTime>();
  for (const { place, ms, share } of times) {
    const owner = ownerOf(place);
    const before = owners.get(owner);
    owners.set(owner, { place: owner, ms: (before?.ms ?? 0) + ms, share: (before?.share ?? 0) + share });
  }
  return [...owners.values()].sort((a, b) => b.ms - a.ms);
}

function placeOf(frame: CpuProfile['nodes'][number]['callFrame']): string {
  const name = frame.functionName === '' ? '(anonymous)' : frame.functionName;
  if (frame.url === '') return name;
  const file = frame.url
    .replace(/^.*\/node_modules\//, '')
    .replace(/^file:\/\/.*\/(packages|apps|bench)\//, '$1/');
  return `${name}  ${file}:${frame.lineNumber + 1}`;
}

function ownerOf(place: string): string {
  const file = place.split('  ')[1];
  if (file === undefined) return place.startsWith('(') ? place : '(native code)';
  if (file.startsWith('node:')) return /^node:[^/:]+(\/[^/:]+)?/.exec(file)?.[0] ?? 'node';
  if (/^(packages|apps)\//.test(file)) return file.split('/').slice(0, 2).join('/');
  return file.split('/')[0] ?? file;
}
