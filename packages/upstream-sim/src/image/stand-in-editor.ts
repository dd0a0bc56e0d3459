import sharp from 'sharp';
import { type Edit, type EditInput, ImageEditor } from './image-editor.ts';

/** What the API asks of an editor. */
export type Editor = Pick<ImageEditor, 'edit'>;

const SIDE = 64;

/**
 * Answers every edit with one small picture that was made before, and never opens a source: for measurements of what lies around an
 * edit, which would otherwise be the largest part of it.
 */
export class StandInEditor implements Editor {
  readonly #edit: Promise<Edit>;

  constructor() {
    this.#edit = drawOnce();
    this.#edit.catch(() => undefined);
  }

  async edit({ n }: EditInput, signal: AbortSignal): Promise<Edit> {
    signal.throwIfAborted();
    const { images } = await this.#edit;
    return {
      images: Array.from({ length: n }, () => images).flat(),
      description: 'no edit: image work is switched off',
    };
  }
}

async function drawOnce(): Promise<Edit> {
  const create = { width: SIDE, height: SIDE, channels: 3, background: '#808080' } as const;
  const source = await sharp({ create }).png().toBuffer();
  return await new ImageEditor(1).edit(
    { sources: [source], prompt: 'grayscale', n: 1 },
    new AbortController().signal,
  );
}
