/** Many uploads, several at once, while something happens to the server. */
import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { type AttemptRecord, RequestFailure } from '@ferry/core';
import type { UploadClient } from './upload-client.ts';

export interface TrafficPlan {
  readonly uploads: number;
  /** How many were sent before; the names of these go on from there. Default 0. */
  readonly sentBefore?: number;
  /** Default 12. */
  readonly atOnce?: number;
  /** Done while the others are under way, each time that many uploads were begun. */
  readonly disturbance?: { readonly every: number; readonly by: () => Promise<void> };
  /**
   * All uploads rest for this long after each `atOnce` of them, which took `tookMs`: for servers that close what is idle.
   * Milliseconds.
   */
  readonly restMs?: (wave: number, tookMs: number) => number;
}

export interface UploadOutcome {
  readonly upload: string;
  readonly attempts: readonly AttemptRecord[];
  /** Why it was given up; undefined when it arrived. */
  readonly failure?: string;
}

export interface Traffic {
  readonly outcomes: readonly UploadOutcome[];
  readonly disturbances: number;
}

const KIB = 1024;
const LARGE = 1024 * KIB;
/** One upload of so many is a large one. */
export const LARGE_EVERY = 25;

export async function runTraffic(client: UploadClient, plan: TrafficPlan): Promise<Traffic> {
  const { uploads, sentBefore = 0, atOnce = 12, disturbance, restMs } = plan;
  const outcomes: UploadOutcome[] = [];
  const bytes = randomBytes(LARGE + sentBefore + uploads);
  let begun = 0;
  let disturbances = 0;
  let disturbed: Promise<void> = Promise.resolve();
  const running = new Set<Promise<UploadOutcome>>();
  /** Uploads that met the last disturbance. */
  let shaken: readonly Promise<UploadOutcome>[] = [];
  let gate: Promise<unknown> = disturbed;

  // Disturbances come one after the other, and no upload meets two: what servers do once an hour would otherwise hit a
  // retry as often as a first attempt. Uploads wait for the begin of a disturbance, not for its end.
  const disturb = (by: () => Promise<void>): Promise<unknown> => {
    disturbances += 1;
    const calm = disturbed.then(() => Promise.all(shaken));
    disturbed = calm.then(by).then(() => {
      shaken = [...running];
    });
    return calm;
  };
  const lane = async (until: number) => {
    for (;;) {
      await gate;
      if (begun >= until) return;
      const index = begun;
      begun += 1;
      if (disturbance !== undefined && index > 0 && index % disturbance.every === 0) {
        gate = disturb(disturbance.by);
      }
      const number = sentBefore + index;
      const upload = uploadOne(client, `upload-${number}`, fileOf(number, bytes));
      running.add(upload);
      outcomes.push(await upload);
      running.delete(upload);
    }
  };
  const wave = (until: number) => Promise.all(Array.from({ length: atOnce }, () => lane(until)));

  if (restMs === undefined) {
    await wave(uploads);
  } else {
    for (let number = 1; begun < uploads; number += 1) {
      const from = performance.now();
      await wave(Math.min(uploads, begun + atOnce));
      await delay(restMs(number, performance.now() - from));
    }
  }
  await disturbed;
  return { outcomes, disturbances };
}

/** From 1 to 64 KiB, and a MiB now and then; no two alike. */
function fileOf(index: number, bytes: Uint8Array): Uint8Array {
  const length = index % LARGE_EVERY === 0 ? LARGE : KIB + ((index * 7919) % (63 * KIB));
  return bytes.subarray(index, index + length);
}

async function uploadOne(client: UploadClient, upload: string, file: Uint8Array): Promise<UploadOutcome> {
  try {
    const { attempts } = await client.upload(upload, file);
    return { upload, attempts };
  } catch (error) {
    if (!RequestFailure.is(error)) throw error;
    return { upload, attempts: error.attempts, failure: error.message };
  }
}
