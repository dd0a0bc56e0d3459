import { setTimeout } from 'node:timers/promises';
import { z } from 'zod';
import { BadSourceError, type Edit } from '../image/image-editor.ts';
import { isBlocked } from '../image/prompt-words.ts';
import type { Editor } from '../image/stand-in-editor.ts';
import { type Answer, type ApiRequest, jsonAnswer } from './answer.ts';
import { ApiError, badRequest } from './api-error.ts';
import { type EditForm, receiveEditForm } from './receive-edit-form.ts';
import type { Results } from './results.ts';

/** The models of OpenAI's images API that edit, as far as this simulator knows them. */
export const OPENAI_MODELS: readonly string[] = [
  'gpt-image-1.5',
  'gpt-image-1',
  'gpt-image-1-mini',
  'dall-e-2',
];

/** GPT image models always answer in base64 and refuse to be asked for it. */
const takesResponseFormat = (model: string): boolean => !model.startsWith('gpt-image');

const MAX_IMAGES = 16;
const SIZES = ['auto', '256x256', '512x512', '1024x1024', '1536x1024', '1024x1536'] as const;

const schema = z.strictObject({
  model: z.string().min(1).default('dall-e-2'),
  prompt: z.string().refine((text) => text.trim() !== '', 'must not be blank'),
  n: z.coerce.number().int().min(1).max(10).default(1),
  response_format: z.enum(['url', 'b64_json']).optional(),
  size: z.enum(SIZES).default('auto'),
  quality: z.enum(['auto', 'low', 'medium', 'high', 'standard']).optional(),
  background: z.enum(['auto', 'opaque', 'transparent']).optional(),
  input_fidelity: z.enum(['low', 'high']).optional(),
  output_format: z.enum(['jpeg', 'png', 'webp']).optional(),
  output_compression: z.coerce.number().int().min(0).max(100).optional(),
  moderation: z.enum(['auto', 'low']).optional(),
  user: z.string().optional(),
});

export interface OpenAiEditsOptions {
  readonly editor: Editor;
  readonly results: Results;
  /** Where the images of an edit lie while it runs. */
  readonly inputDir: string;
  readonly maxFileBytes: number;
  readonly latencyMs: number;
  /** Milliseconds since the Unix epoch. */
  readonly now: () => number;
}

/** `/v1/images/edits`: edits by multipart, which hold their images. */
export class OpenAiEdits {
  readonly #options: OpenAiEditsOptions;

  constructor(options: OpenAiEditsOptions) {
    this.#options = options;
  }

  async edit(request: ApiRequest): Promise<Answer> {
    const { inputDir, maxFileBytes } = this.#options;
    await using form = await receiveEditForm(request, { directory: inputDir, maxFileBytes });
    return await this.#answer(form, request);
  }

  async #answer(form: EditForm, { signal, authority }: ApiRequest): Promise<Answer> {
    const { latencyMs, now, results } = this.#options;
    const { model, prompt, n, response_format, size } = fieldsOf(form);
    if (latencyMs > 0) await setTimeout(latencyMs, undefined, { signal });
    if (isBlocked(prompt)) {
      throw new ApiError('Your request was rejected by the safety system.', {
        status: 400,
        code: 'moderation_blocked',
      });
    }
    const { images, description } = await this.#draw(form, { prompt, n, ...shapeOf(size) }, signal);
    const format = takesResponseFormat(model) ? (response_format ?? 'url') : 'b64_json';
    const data: object[] = [];
    for (const image of images) {
      const revised_prompt = `[simulated: ${description}] ${prompt}`;
      data.push({ ...(await results.deliver(image, format, authority)), revised_prompt });
    }
    const usage = { input_images: form.images.length, output_images: images.length };
    return jsonAnswer(
      200,
      { created: Math.floor(now() / 1000), simulated: true, data, usage },
      {
        work: {
          images: images.length,
          inputs: form.images.map(({ bytes, sha256 }) => ({ bytes, sha256 })),
        },
      },
    );
  }

  async #draw(
    { images }: EditForm,
    wanted: { prompt: string; n: number; aspectRatio: number | undefined; maxSide: number },
    signal: AbortSignal,
  ): Promise<Edit> {
    try {
      const sources = images.map(({ path }) => path);
      return await this.#options.editor.edit({ sources, ...wanted }, signal);
    } catch (error) {
      if (!(error instanceof BadSourceError)) throw error;
      throw badRequest(images[error.index]?.field ?? 'image', error.message);
    }
  }
}

/** @throws ApiError 400 that names the part. */
function fieldsOf({ fields, images }: EditForm): z.output<typeof schema> {
  const parsed = schema.safeParse(Object.fromEntries(fields));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    if (issue?.code === 'unrecognized_keys') throw unknownParameter(issue.keys[0] ?? 'body');
    throw badRequest(issue?.path.join('.') || 'body', issue?.message ?? 'not an edit request');
  }
  const { model, response_format } = parsed.data;
  if (!OPENAI_MODELS.includes(model)) {
    throw badRequest('model', `The model ${model.slice(0, 80)} does not exist`);
  }
  if (response_format !== undefined && !takesResponseFormat(model)) throw unknownParameter('response_format');
  const [first] = images;
  if (first === undefined) throw badRequest('image', 'An edit needs an image');
  if (images.length > MAX_IMAGES) throw badRequest('image', `At most ${MAX_IMAGES} images`);
  if (images.length > 1 && images.some(({ field }) => field === 'image')) {
    throw new ApiError("Duplicate parameter: 'image'. You provided multiple values for this parameter.", {
      status: 400,
      code: 'duplicate_parameter',
      param: 'image',
    });
  }
  return parsed.data;
}

function unknownParameter(param: string): ApiError {
  return new ApiError(`Unknown parameter: '${param}'.`, { status: 400, code: 'unknown_parameter', param });
}

function shapeOf(size: (typeof SIZES)[number]): { aspectRatio: number | undefined; maxSide: number } {
  const [width = 0, height = 0] = size.split('x').map(Number);
  return size === 'auto'
    ? { aspectRatio: undefined, maxSide: 1536 }
    : { aspectRatio: width / height, maxSide: Math.max(width, height) };
}
