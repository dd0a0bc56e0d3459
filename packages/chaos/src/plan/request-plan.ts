import { createHash } from 'node:crypto';
import { Chance } from '@ferry/core/testing';
import { pngOf } from './png.ts';

/** One image of a request. */
interface PlannedImage {
  readonly filename: string;
  readonly bytes: Uint8Array;
  /** Hexadecimal. */
  readonly sha256: string;
}

/** When the client goes away. A closed set. */
type Leaving =
  /** When half of the form is sent. */
  | { readonly at: 'form' }
  /** So long after the form was sent, in milliseconds. */
  | { readonly at: 'wait'; readonly afterMs: number };

/** Another request under the same `Idempotency-Key`. */
export interface Repeat {
  /** At the same moment as the first, or after its answer (or after its client has left). */
  readonly at: 'once' | 'end';
  /** `other`: the key comes again with another prompt. */
  readonly payload: 'same' | 'other';
}

/** One request to the gateway and what its client will do. */
export interface RequestPlan {
  readonly index: number;
  /** What the picture is to become. */
  readonly prompt: string;
  readonly images: readonly PlannedImage[];
  /** Images asked for. */
  readonly n: number;
  /** `undefined`: what the gateway is configured to. */
  readonly reuseSession: boolean | undefined;
  readonly responseFormat: 'url' | 'b64_json';
  readonly leaves: Leaving | undefined;
  /** Its `Idempotency-Key`. */
  readonly key: string | undefined;
  /** What comes under the same key besides; none without one. */
  readonly repeats: readonly Repeat[];
}

const PROMPTS = ['grayscale', 'invert', 'mirror', 'brighter'] as const;

/**
 * Decisions about one request depend on the seed and its number alone: a run can be replayed in any order.
 * @param repeatShare share of the requests that have an `Idempotency-Key` and come again under it, from 0 to 1.
 */
export function planRequest(seed: number, index: number, repeatShare = 0): RequestPlan {
  const chance = new Chance(Math.imul(seed, 0x9e3779b1) ^ index);
  const count = chance.happens(0.2) ? chance.between(2, 3) : 1;
  const plan: Omit<RequestPlan, 'key' | 'repeats'> = {
    index,
    prompt: promptOf(index),
    images: Array.from({ length: count }, (_, at) => planImage(chance, `${seed}-${index}-${at}`)),
    n: chance.happens(0.1) ? 2 : 1,
    reuseSession: chance.pick([true, false, undefined]),
    responseFormat: chance.pick(['url', 'b64_json']),
    leaves: chance.happens(0.06) ? planLeaving(chance) : undefined,
  };
  return chance.happens(repeatShare)
    ? { ...plan, key: keyOf(seed, index), repeats: planRepeats(chance) }
    : { ...plan, key: undefined, repeats: [] };
}

/** The `Idempotency-Key` of a request, where it has one. */
export const keyOf = (seed: number, index: number): string => `chaos-${seed}-${index}`;

/** What is sent for a repeat: the same again, or the same key for something else. Its client stays. Pure. */
export function repeatOf(plan: RequestPlan, { payload }: Repeat): RequestPlan {
  const prompt = payload === 'same' ? plan.prompt : promptOf(plan.index + 1);
  return { ...plan, prompt, leaves: undefined, repeats: [] };
}

/** Neighbours differ. */
function promptOf(index: number): string {
  return PROMPTS[index % PROMPTS.length] ?? PROMPTS[0];
}

/** Twice or thrice in all. */
function planRepeats(chance: Chance): Repeat[] {
  return Array.from({ length: chance.between(1, 2) }, () => ({
    at: chance.pick(['once', 'end'] as const),
    payload: chance.happens(0.25) ? 'other' : 'same',
  }));
}

function planImage(chance: Chance, name: string): PlannedImage {
  const colour = [chance.between(0, 255), chance.between(0, 255), chance.between(0, 255)] as const;
  // Over 256 KiB an image is spooled to disk and goes to the upstream while it still comes in.
  const weight = chance.happens(0.08)
    ? chance.between(300_000, 2_000_000)
    : chance.happens(0.3)
      ? chance.between(60_000, 260_000)
      : chance.between(100, 20_000);
  const ballast = Buffer.alloc(weight, name);
  const bytes = pngOf(colour, ballast);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return { filename: `${name}.png`, bytes, sha256 };
}

function planLeaving(chance: Chance): Leaving {
  return chance.happens(0.3) ? { at: 'form' } : { at: 'wait', afterMs: chance.between(0, 200) };
}
