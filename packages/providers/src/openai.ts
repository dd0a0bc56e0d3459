/**
 * OpenAI's images API, and the many upstreams that speak it. An edit is one multipart request that holds its images: there is
 * nothing to upload before it, and everything about it costs money.
 */
import { type Answer, type MultipartFile, multipart } from '@ferry/core';
import { readAnswer } from './answer-reader.ts';
import { baseOf } from './base-url.ts';
import { checkEdit } from './check-edit.ts';
import { editResult } from './edited-image.ts';
import type { EditInput, EditRequest, EditResult, InlineImage, InlineProvider } from './provider.ts';
import { InvalidEditError } from './provider-error.ts';
import { parseUpstreamError, type UpstreamError } from './upstream-error.ts';

export interface OpenAiOptions {
  /** Default `https://api.openai.com`; a path before the API's own and a `/v1` at its end are understood. */
  readonly baseUrl?: string | URL;
  /** Default `openai`. */
  readonly name?: string;
  /** Default OpenAI's image models. */
  readonly models?: readonly string[];
}

export const OPENAI_MODELS: readonly string[] = ['gpt-image-1.5', 'gpt-image-1', 'gpt-image-1-mini'];

const MAX_IMAGES = 16;

/** What the edits endpoint takes beside model, prompt, n, images and response_format. Ferry sends no mask and asks for no stream. */
const EDIT_OPTIONS: ReadonlySet<string> = new Set([
  'size',
  'quality',
  'background',
  'input_fidelity',
  'output_format',
  'output_compression',
  'moderation',
  'user',
]);

/** OpenAI's GPT image models answer in base64 and refuse to be told so. Every other model is. */
const ALWAYS_BASE64 = /^(gpt|chatgpt)-image\b/;

/** @throws TypeError when the base address cannot be used. */
export function openai(options: OpenAiOptions = {}): InlineProvider {
  const editsUrl = new URL(`${baseOf(options.baseUrl ?? 'https://api.openai.com')}/v1/images/edits`);
  return {
    delivery: 'inline',
    name: options.name ?? 'openai',
    models: options.models ?? OPENAI_MODELS,
    maxImages: MAX_IMAGES,
    maxFileBytes: 50 * 1024 * 1024,
    editsUrl,
    // Its own words: what a model cannot do, it says itself.
    optionsFor: (wishes) => ({ ...wishes }),
    editRequest: (edit) => editRequest(editsUrl, edit),
    parseEdit,
    parseUpstreamError: openaiError,
  };
}

function editRequest(url: URL, edit: EditInput<InlineImage>): EditRequest {
  checkEdit(edit, { service: 'OpenAI', maxImages: MAX_IMAGES, options: EDIT_OPTIONS });
  const { model, prompt, n, responseFormat, options = {} } = edit;
  const asksFormat = responseFormat !== undefined && !ALWAYS_BASE64.test(model);
  const body = multipart({
    // A form has no types: numbers and booleans are sent as they are written.
    fields: {
      model,
      prompt,
      n: String(n),
      ...(asksFormat && { response_format: responseFormat }),
      ...Object.fromEntries(Object.entries(options).map(([name, value]) => [name, String(value)])),
    },
    files: imageFiles(edit.images),
  });
  return {
    method: 'POST',
    url,
    headers: { accept: 'application/json', 'content-type': body.contentType },
    body,
  };
}

/** One image is `image`; of several each is `image[]`, as OpenAI's own client sends them. */
function imageFiles(images: readonly InlineImage[]): readonly [MultipartFile, ...MultipartFile[]] {
  const field = images.length === 1 ? 'image' : 'image[]';
  const [first, ...rest] = images.map(
    ({ filename, contentType, body }): MultipartFile => ({ field, filename, contentType, body }),
  );
  if (first === undefined) throw new InvalidEditError('image', 'an edit needs at least one image');
  return [first, ...rest];
}

function parseEdit(answer: Answer): EditResult {
  const body = readAnswer(answer, 'edit');
  return { ...editResult(body, body.member('data').items()), blocked: 0 };
}

/** OpenAI's, and Azure's for the same. */
const BLOCKED_CODES: ReadonlySet<string> = new Set([
  'moderation_blocked',
  'content_policy_violation',
  'content_filter',
]);

function openaiError(status: number, text: string): UpstreamError {
  const said = parseUpstreamError(status, text);
  return { ...said, blocked: status === 400 && BLOCKED_CODES.has(said.code ?? '') };
}
