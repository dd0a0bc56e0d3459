/** The JSON of an edit: its fields as text, as a form has them, and its images as references. */
import { z } from 'zod';
import { badRequest } from '../errors/gateway-error.ts';
import { EDIT_FIELDS, UNSUPPORTED } from './edit-fields.ts';

export const imageReferenceSchema = z.union([
  z.strictObject({ file_id: z.string().min(1).max(200).describe('Of `POST /v1/files`.') }),
  z.strictObject({ image_url: z.string().min(1).describe('http(s), or a base64 data URI.') }),
]);

export type ImageReference = z.output<typeof imageReferenceSchema>;

export interface JsonEdit {
  readonly fields: ReadonlyMap<string, string>;
  readonly images: readonly ImageReference[];
}

/** Fields that JSON has other types for than text. */
const NUMBERS: ReadonlySet<string> = new Set(['n', 'partial_images', 'output_compression']);
const FLAGS: ReadonlySet<string> = new Set(['stream']);

/** @throws GatewayError 400 that names the part at fault. */
export function parseJsonEdit(text: string): JsonEdit {
  const body = parse(text);
  const fields = new Map<string, string>();
  let images: readonly ImageReference[] = [];
  for (const [name, value] of Object.entries(body)) {
    // OpenAI's clients say null for what they leave out.
    if (value === null) continue;
    if (name === 'images') images = imagesOf(value);
    else fields.set(name, fieldOf(name, value));
  }
  return { fields, images };
}

function parse(text: string): object {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch (cause) {
    throw badRequest('The body is not valid JSON.', { code: 'invalid_json', cause });
  }
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body;
  throw badRequest('The body must be a JSON object.', { code: 'invalid_json' });
}

function imagesOf(value: unknown): readonly ImageReference[] {
  if (!Array.isArray(value)) throw wrongType('images', 'a list of { file_id } or { image_url }');
  return value.map((one: unknown, index) => {
    const image = imageReferenceSchema.safeParse(one);
    if (image.success) return image.data;
    throw wrongType(`images[${index}]`, 'an object with either file_id or image_url');
  });
}

function fieldOf(name: string, value: unknown): string {
  if (UNSUPPORTED.includes(name)) {
    throw badRequest(`${name} is not supported.`, { code: 'unsupported_parameter', param: name });
  }
  if (name === 'image') {
    throw badRequest('JSON names its images in images: [{ file_id }] or [{ image_url }].', {
      code: 'unknown_parameter',
      param: name,
    });
  }
  if (!EDIT_FIELDS.includes(name)) {
    throw badRequest(`There is no parameter of this name. Known: images, ${EDIT_FIELDS.join(', ')}.`, {
      code: 'unknown_parameter',
      param: name.slice(0, 100),
    });
  }
  const expected = NUMBERS.has(name) ? 'number' : FLAGS.has(name) ? 'boolean' : 'string';
  const type: string = typeof value;
  if (type !== expected) throw wrongType(name, `a ${expected}`);
  return String(value);
}

const wrongType = (param: string, expected: string): Error =>
  badRequest(`${param} must be ${expected}.`, { code: 'invalid_type', param });
