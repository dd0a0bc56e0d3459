import type { EditInput } from './provider.ts';
import { InvalidEditError } from './provider-error.ts';

const MAX_N = 10;

export interface EditLimits {
  /** As messages call it. */
  readonly service: string;
  readonly maxImages: number;
  /** What an edit takes beside model, prompt, n, images and the form of the answer. */
  readonly options: ReadonlySet<string>;
}

/** @throws InvalidEditError that names what the upstream would refuse. */
export function checkEdit(
  { images, prompt, n, options = {} }: EditInput<unknown>,
  { service, maxImages, options: known }: EditLimits,
): void {
  if (images.length === 0) throw new InvalidEditError('image', 'an edit needs at least one image');
  if (images.length > maxImages) {
    throw new InvalidEditError(
      'image',
      `${service} edits take at most ${maxImages} images, not ${images.length}`,
    );
  }
  if (prompt.trim() === '') throw new InvalidEditError('prompt', 'an edit needs a prompt');
  if (!Number.isInteger(n) || n < 1 || n > MAX_N) {
    throw new InvalidEditError('n', `n must be a whole number from 1 to ${MAX_N}`);
  }
  for (const name of Object.keys(options)) {
    if (!known.has(name)) throw new InvalidEditError(name, `${service} edits do not take ${name}`);
  }
}
