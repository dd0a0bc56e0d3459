import { setTimeout as pause } from 'node:timers/promises';
import { tcpProxy } from '@ferry/upstream-sim/peers';
import { expectedAnswer, type FireJob, type Measured } from '../transports/job.ts';
import { startMeter } from '../transports/meter.ts';
import { VARIANTS } from '../transports/variants.ts';
import { openFireClient } from './fire-client.ts';

/** Uploads while things go wrong, and counts what arrives. Nothing is given up early: a caller is patient for `patienceMs`. */
export async function runFire(job: FireJob): Promise<Measured> {
  const { variant, trouble, target } = job;
  // In this process: its owner decides when the connections are forgotten.
  const road = trouble.kind === 'silent-drop' ? await tcpProxy({ to: new URL(target.url) }) : undefined;
  const url = road === undefined ? target.url : new URL(new URL(target.url).pathname, road.url).href;
  const client = await openFireClient(variant, {
    target: { ...target, url },
    trust: 'default',
    baseline: undefined,
  });
  const body = Buffer.alloc(job.bodyBytes, 0x61);
  const expected = expectedAnswer(job.bodyBytes, VARIANTS[variant].httpVersion);

  /** Milliseconds; undefined when it did not arrive. */
  const upload = async (): Promise<number | undefined> => {
    const since = performance.now();
    const arrived = await Promise.race([
      client.upload(body).then(
        (answer) => answer === expected,
        () => false,
      ),
      pause(job.patienceMs, false),
    ]);
    return arrived ? performance.now() - since : undefined;
  };

  const repeat = async (uploads: number): Promise<(number | undefined)[]> => {
    const seen: (number | undefined)[] = [];
    let left = uploads;
    const one = async (): Promise<void> => {
      while (left > 0) {
        left -= 1;
        if (road !== undefined) {
          await pause(job.restMs);
          road.blackhole();
        }
        seen.push(await upload());
      }
    };
    await Promise.all(Array.from({ length: job.atOnce }, one));
    return seen;
  };

  for (let i = 0; i < job.warmUps; i += 1) await upload();
  const read = startMeter();
  const seen = await repeat(job.uploads);
  const latenciesMs = seen.filter((each) => each !== undefined);
  return {
    uploads: latenciesMs.length,
    failures: seen.length - latenciesMs.length,
    bytes: latenciesMs.length * job.bodyBytes,
    latenciesMs,
    ...read(),
  };
}
