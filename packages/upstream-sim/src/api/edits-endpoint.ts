import { setTimeout } from 'node:timers/promises';
import { BadSourceError, type Edit } from '../image/image-editor.ts';
import { isBlocked } from '../image/prompt-words.ts';
import type { Editor } from '../image/stand-in-editor.ts';
import { type Answer, type ApiRequest, jsonAnswer } from './answer.ts';
import { ApiError, badRequest } from './api-error.ts';
import { type EditRequest, type ImageReference, parseEditRequest } from './edit-request.ts';
import type { FilesEndpoint } from './files-endpoint.ts';
import { readJson } from './read-json.ts';
import type { Results } from './results.ts';

/** The models of xAI's image API, and all that this simulator knows of them. */
export const MODELS: readonly string[] = [
  'grok-imagine-image',
  'grok-imagine-image-quality',
  'grok-imagine-image-2.0',
];

export interface EditsOptions {
  readonly editor: Editor;
  readonly files: FilesEndpoint;
  readonly results: Results;
  readonly maxJsonBytes: number;
  readonly latencyMs: number;
  /** Milliseconds since the Unix epoch. */
  readonly now: () => number;
}

/** `/v1/images/edits`: edits by JSON. */
export class EditsEndpoint {
  readonly #options: EditsOptions;

  constructor(options: EditsOptions) {
    this.#options = options;
  }

  async edit(request: ApiRequest, owner: string): Promise<Answer> {
    const { maxJsonBytes, latencyMs, now } = this.#options;
    const edit = parseEditRequest(await readJson(request, maxJsonBytes));
    if (!MODELS.includes(edit.model)) {
      throw new ApiError(
        `The model ${edit.model.slice(0, 80)} does not exist or this key has no access to it`,
        {
          status: 404,
          code: 'model_not_found',
          param: 'model',
        },
      );
    }
    const sources = edit.images.map((image) => this.#source(image, owner));
    if (latencyMs > 0) await setTimeout(latencyMs, undefined, { signal: request.signal });
    const common = { created: Math.floor(now() / 1000), simulated: true };
    if (isBlocked(edit.prompt)) {
      const blocked = { revised_prompt: edit.prompt, respect_moderation: false };
      const data = Array.from({ length: edit.n }, () => blocked);
      return jsonAnswer(200, { ...common, data, usage: { input_images: sources.length, output_images: 0 } });
    }
    const { images, description } = await this.#draw(edit, sources, request.signal);
    const data: object[] = [];
    for (const image of images) {
      data.push({
        ...(await this.#options.results.deliver(image, edit.responseFormat, request.authority)),
        mime_type: image.mimeType,
        revised_prompt: `[simulated: ${description}] ${edit.prompt}`,
        respect_moderation: true,
      });
    }
    const usage = { input_images: sources.length, output_images: images.length };
    return jsonAnswer(
      200,
      { ...common, data, usage },
      {
        work: {
          images: images.length,
          sources: edit.images.flatMap((image) => (image.kind === 'file' ? [image.fileId] : [])),
        },
      },
    );
  }

  async #draw(edit: EditRequest, sources: (string | Uint8Array)[], signal: AbortSignal): Promise<Edit> {
    const { prompt, n, aspectRatio, maxSide } = edit;
    try {
      return await this.#options.editor.edit({ sources, prompt, n, aspectRatio, maxSide }, signal);
    } catch (error) {
      if (!(error instanceof BadSourceError)) throw error;
      throw badRequest(edit.images[error.index]?.param ?? 'image', error.message);
    }
  }

  #source(image: ImageReference, owner: string): string | Uint8Array {
    switch (image.kind) {
      case 'file':
        return this.#options.files.owned(image.fileId, owner, image.param).path;
      case 'bytes':
        return image.bytes;
      case 'result': {
        const file = this.#options.results.get(image.name);
        if (!file) throw badRequest(image.param, 'That result is no longer kept: its link was short-lived');
        return file.path;
      }
    }
  }
}
