/** OpenAI's words for an edit, as far as xAI's API has words for the same. */
import type { EditInput } from './provider.ts';
import { InvalidEditError } from './provider-error.ts';
import type { RequestedOptions } from './requested-options.ts';

/** xAI takes a ratio, which is that of the sides. */
const RATIOS: ReadonlySet<string> = new Set([
  '1:1',
  '3:4',
  '4:3',
  '9:16',
  '16:9',
  '2:3',
  '3:2',
  '1:2',
  '2:1',
]);
/** And a class of sizes, named by the longest side in pixels. */
const RESOLUTIONS: ReadonlyMap<number, string> = new Map([
  [1024, '1k'],
  [1536, '1.5k'],
  [2048, '2k'],
]);
const QUALITIES: ReadonlySet<string> = new Set(['low', 'medium', 'high']);

/** @throws InvalidEditError that names what xAI cannot do. */
export function xaiOptions({
  size = 'auto',
  quality = 'auto',
  background = 'auto',
  input_fidelity = 'low',
  user,
}: RequestedOptions): NonNullable<EditInput['options']> {
  // Its pictures are opaque, and it follows its input as closely as it does: nothing to ask for.
  if (background !== 'auto' && background !== 'opaque')
    throw new InvalidEditError('background', 'xAI edits have no transparent background');
  if (input_fidelity !== 'low')
    throw new InvalidEditError('input_fidelity', 'xAI edits do not take input_fidelity');
  return {
    ...sizeOptions(size),
    ...qualityOptions(quality),
    ...(user !== undefined && { user }),
  };
}

function qualityOptions(quality: string): { readonly quality?: string } {
  if (quality === 'auto' || quality === 'standard') return {};
  if (QUALITIES.has(quality)) return { quality };
  throw new InvalidEditError('quality', 'xAI edits take the qualities auto, low, medium and high');
}

function sizeOptions(size: string): { readonly aspect_ratio?: string; readonly resolution?: string } {
  if (size === 'auto') return {};
  const [, width = 0, height = 0] = (/^([1-9]\d{0,4})x([1-9]\d{0,4})$/.exec(size) ?? []).map(Number);
  const resolution = RESOLUTIONS.get(Math.max(width, height));
  const divisor = greatestCommonDivisor(width, height);
  const ratio = `${width / divisor}:${height / divisor}`;
  if (resolution !== undefined && RATIOS.has(ratio)) return { aspect_ratio: ratio, resolution };
  throw new InvalidEditError(
    'size',
    'xAI edits do not take this size; they take auto, and sizes such as 1024x1024, 1536x1024, 1024x1536, 2048x2048 or 2048x1152',
  );
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? Math.max(a, 1) : greatestCommonDivisor(b, a % b);
}
