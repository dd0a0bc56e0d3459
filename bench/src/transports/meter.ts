import type { Measured } from './job.ts';

export type Costs = Pick<Measured, 'ms' | 'cpuMs' | 'peakRssBytes'>;

/** Starts the clocks; the returned function reads them. */
export function startMeter(): () => Costs {
  const since = performance.now();
  const cpuBefore = process.cpuUsage();
  return () => {
    const cpu = process.cpuUsage(cpuBefore);
    return {
      ms: performance.now() - since,
      cpuMs: (cpu.user + cpu.system) / 1_000,
      // getrusage counts it in kibibytes.
      peakRssBytes: process.resourceUsage().maxRSS * 1024,
    };
  };
}
