import { readFileSync } from 'node:fs';

/** USER_HZ, which Linux shows its programs as 100 everywhere (proc(5), sysconf(3)). */
const TICKS_A_SECOND = 100;

/** User and system time of another process so far, in seconds. Undefined where there is no `/proc`. */
export function cpuSecondsOf(pid: number): number | undefined {
  const stat = read(`/proc/${pid}/stat`);
  return stat === undefined ? undefined : parseCpuSeconds(stat);
}

/** The largest resident set of another process so far, in megabytes. Undefined where there is no `/proc`. */
export function peakMegabytesOf(pid: number): number | undefined {
  const kibibytes = /^VmHWM:\s+(\d+) kB$/m.exec(read(`/proc/${pid}/status`) ?? '')?.[1];
  return kibibytes === undefined ? undefined : (Number(kibibytes) * 1024) / 1_000_000;
}

/** utime and stime, fields 14 and 15 of proc_pid_stat(5). The second field may hold spaces and brackets. */
export function parseCpuSeconds(stat: string): number | undefined {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = Number(fields[11]) + Number(fields[12]);
  return Number.isFinite(ticks) ? ticks / TICKS_A_SECOND : undefined;
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
