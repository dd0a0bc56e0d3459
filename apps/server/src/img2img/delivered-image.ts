import type { Answer, Phase, UploadResult } from '@ferry/core';

/** What of an image its sender can tell it by. */
interface NamedImage {
  readonly filename: string;
  readonly bytes: number;
}

/** What became of one image. */
export type DeliveredImage =
  /** It was uploaded by itself, and the edit named its id. */
  | { readonly delivery: 'by-file-id'; readonly upload: UploadResult }
  /** It travelled inside the edit: what became of the edit became of it. */
  | { readonly delivery: 'inline'; readonly image: NamedImage; readonly edit: Answer };

const SENDING: readonly Phase[] = ['acquire', 'connect', 'request'];

/**
 * Milliseconds from the beginning of an edit to the last byte of its request, attempts that failed and waits included. The
 * upstream confirms the images by nothing but its answer, which is the edit itself.
 */
export function sentAfterMs({ attempts }: Answer): number {
  return attempts.reduce((sum, { delayMs, durationMs, exchange }, index) => {
    const took =
      index < attempts.length - 1
        ? durationMs
        : SENDING.reduce((ms, phase) => ms + (exchange.phaseMs[phase] ?? 0), 0);
    return sum + delayMs + took;
  }, 0);
}
