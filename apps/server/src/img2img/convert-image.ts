import { sniffImage } from '@ferry/core';
import sharp from 'sharp';
import { FairLimiter } from '../admission/fair-limiter.ts';
import type { Turn } from '../admission/turn.ts';
import type { OutputFormat } from './edit-form.ts';

/** At once: each holds a decoded picture. */
const CONVERSIONS = 2;

const places = new FairLimiter(CONVERSIONS);

/**
 * A picture in the type that was asked for; the same bytes when it has it already and nothing is said about its quality.
 * @throws the signal's reason, and what sharp throws.
 */
export async function convertImage(
  bytes: Uint8Array,
  { format, quality }: OutputFormat,
  turn: Turn,
  signal: AbortSignal,
): Promise<Uint8Array> {
  if (quality === undefined && sniffImage(bytes)?.mediaType === `image/${format}`) return bytes;
  using _place = await places.acquire(turn, signal);
  const picture = sharp(bytes);
  switch (format) {
    case 'png':
      return await picture.png().toBuffer();
    case 'jpeg':
      return await picture.jpeg({ quality: sharpQuality(quality) }).toBuffer();
    case 'webp':
      return await picture.webp({ quality: sharpQuality(quality) }).toBuffer();
    default:
      return format satisfies never;
  }
}

/** OpenAI's default is 100, and its least is 0, where sharp's is 1. */
const sharpQuality = (quality = 100): number => Math.max(1, quality);
