import { Session } from 'node:inspector/promises';
import type { BenchClient } from './clients/client.ts';
import { expectedAnswer, type LoadJob, type Measured } from './job.ts';
import { MeasuringWindow } from './measuring-window.ts';
import { startMeter } from './meter.ts';
import { VARIANTS } from './variants.ts';

const SAMPLE_MICROSECONDS = 200;

/** Uploads bodies of that size, `atOnce` side by side, for so many milliseconds, and reports what they cost. */
export type MeasureLoad = (measureMs: number, bodyBytes: number) => Promise<Measured>;

/** @returns whether there is to be another upload. */
type OnAnswer = (latencyMs: number) => boolean;

/** Warms the client up: code is compiled and connections are open when the returned function measures. */
export async function warmUp(client: BenchClient, job: LoadJob): Promise<MeasureLoad> {
  const largest = Buffer.alloc(job.bodyBytes, 0x61);
  const upload = async (bodyBytes: number, onAnswer: OnAnswer): Promise<void> => {
    const body = bodyBytes === job.bodyBytes ? largest : Buffer.alloc(bodyBytes, 0x61);
    const expected = expectedAnswer(bodyBytes, VARIANTS[job.variant].httpVersion);
    for (let goOn = true; goOn; ) {
      const since = performance.now();
      const answer = await client.upload(body);
      if (answer !== expected) throw new Error(`${job.variant}: expected ${expected}, got ${answer}`);
      goOn = onAnswer(performance.now() - since);
    }
  };
  const sideBySide = async (bodyBytes: number, onAnswer: OnAnswer): Promise<void> => {
    await Promise.all(Array.from({ length: job.atOnce }, () => upload(bodyBytes, onAnswer)));
  };

  const warmUntil = performance.now() + job.warmUpMs;
  await sideBySide(job.bodyBytes, () => performance.now() < warmUntil);

  return async (measureMs, bodyBytes) => {
    const stopProfile = job.profile ? await startProfile() : undefined;
    const window = new MeasuringWindow(measureMs, job.atOnce, startMeter);
    await sideBySide(bodyBytes, (latencyMs) => window.onAnswer(latencyMs));
    const profile = await stopProfile?.();
    const { latenciesMs } = window;
    const uploads = latenciesMs.length;
    return {
      uploads,
      bytes: uploads * bodyBytes,
      latenciesMs,
      ...window.costs,
      ...(profile === undefined ? {} : { profile }),
    };
  };
}

async function startProfile(): Promise<() => Promise<string>> {
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.setSamplingInterval', { interval: SAMPLE_MICROSECONDS });
  await session.post('Profiler.start');
  return async () => {
    const { profile } = await session.post('Profiler.stop');
    session.disconnect();
    return JSON.stringify(profile);
  };
}
