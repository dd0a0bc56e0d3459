import { z } from 'zod';
import { badRequest } from './api-error.ts';

/** Where an input image comes from. */
export type ImageReference =
  | { readonly kind: 'file'; readonly fileId: string; readonly param: string }
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array; readonly param: string }
  /** A link to an image that this simulator made. */
  | { readonly kind: 'result'; readonly name: string; readonly param: string };

export interface EditRequest {
  readonly model: string;
  readonly prompt: string;
  /** 1 to 10. */
  readonly n: number;
  readonly responseFormat: 'url' | 'b64_json';
  readonly images: readonly ImageReference[];
  /** Width over height; undefined keeps the input's. */
  readonly aspectRatio: number | undefined;
  /** The longest side of a result, in pixels. */
  readonly maxSide: number;
}

const MAX_SIDE = { '1k': 1024, '1.5k': 1536, '2k': 2048 } as const;
const RATIOS = [
  '1:1',
  '3:4',
  '4:3',
  '9:16',
  '16:9',
  '2:3',
  '3:2',
  '9:19.5',
  '19.5:9',
  '9:20',
  '20:9',
  '1:2',
  '2:1',
] as const;

const image = z
  .looseObject({
    file_id: z.string().min(1).optional(),
    url: z.string().min(1).optional(),
    type: z.literal('image_url').optional(),
  })
  .refine(
    (value) => (value.file_id === undefined) !== (value.url === undefined),
    'needs either file_id or url',
  );

const schema = z.looseObject({
  model: z.string().min(1),
  prompt: z.string().refine((text) => text.trim() !== '', 'must not be blank'),
  n: z.int().min(1).max(10).nullish(),
  response_format: z.enum(['url', 'b64_json']).nullish(),
  aspect_ratio: z.enum(['auto', ...RATIOS]).nullish(),
  resolution: z.enum(['1k', '1.5k', '2k']).nullish(),
  quality: z.enum(['low', 'medium', 'high']).nullish(),
  user: z.string().nullish(),
  image: image.optional(),
  images: z.array(image).min(1).max(3, 'at most 3 images').optional(),
});

/** Parameters that other image APIs know and this one refuses, so that a client learns of them at once. */
const REFUSED = ['size', 'style', 'mask'] as const;

/**
 * Reads the JSON of an edit.
 * @throws ApiError 400 that names the part.
 */
export function parseEditRequest(json: unknown): EditRequest {
  const parsed = schema.safeParse(json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw badRequest(issue?.path.join('.') || 'body', issue?.message ?? 'not an edit request');
  }
  const body = parsed.data;
  for (const name of REFUSED) {
    if (body[name] !== undefined) throw badRequest(name, `Argument not supported: ${name}`);
  }
  if ((body.image === undefined) === (body.images === undefined)) {
    throw badRequest(
      'image',
      body.image ? 'Give image or images, not both' : 'An edit needs image or images',
    );
  }
  const images = body.image
    ? [reference(body.image, 'image')]
    : (body.images ?? []).map((one, at) => reference(one, `images.${at}`));
  return {
    model: body.model,
    prompt: body.prompt,
    n: body.n ?? 1,
    responseFormat: body.response_format ?? 'url',
    images,
    aspectRatio: ratio(body.aspect_ratio),
    maxSide: MAX_SIDE[body.resolution ?? '2k'],
  };
}

function reference(value: z.infer<typeof image>, param: string): ImageReference {
  if (value.file_id !== undefined) return { kind: 'file', fileId: value.file_id, param: `${param}.file_id` };
  const url = value.url ?? '';
  const data = /^data:image\/[\w.+-]+;base64,/i.exec(url);
  if (data) {
    const bytes = Buffer.from(url.slice(data[0].length), 'base64');
    if (bytes.byteLength === 0) throw badRequest(`${param}.url`, 'The data URI holds no image');
    return { kind: 'bytes', bytes, param: `${param}.url` };
  }
  const name = /^https:\/\/[^/]+\/v1\/images\/([\w-]+\.jpg)$/.exec(url)?.[1];
  if (name !== undefined) return { kind: 'result', name, param: `${param}.url` };
  throw badRequest(
    `${param}.url`,
    'The simulator opens no links to other machines: upload the file or send a data URI',
  );
}

function ratio(text: string | null | undefined): number | undefined {
  const [width, height] = (text ?? 'auto').split(':').map(Number);
  return width && height ? width / height : undefined;
}
