/** xAI's Files and Images APIs (docs.x.ai), called with the operator's own key. */
import {
  type Answer,
  decodeBase64,
  fromText,
  sniffImage,
  type UploadEndpoint,
  UploadInputError,
} from '@ferry/core';
import { type AnswerPart, readAnswer } from './answer-reader.ts';
import type { EditedImage, EditInput, EditRequest, EditResult, Provider } from './provider.ts';
import { ContentBlockedError, InvalidEditError } from './provider-error.ts';
import { parseUpstreamError } from './upstream-error.ts';

export interface XaiOptions {
  /** Default `https://api.x.ai`; a `/v1` at its end is understood. */
  readonly baseUrl?: string | URL;
  /** Default `xai`. */
  readonly name?: string;
  /** Default xAI's image models. */
  readonly models?: readonly string[];
  /** What the upload is for, a field of the Files API. Default `assistants`. */
  readonly purpose?: string;
  /** When the upstream deletes an uploaded file: 3 600 to 2 592 000 seconds. Default never. */
  readonly expiresAfterSeconds?: number;
}

export const XAI_MODELS: readonly string[] = [
  'grok-imagine-image',
  'grok-imagine-image-quality',
  'grok-imagine-image-2.0',
];

const MAX_IMAGES = 3;
const MAX_N = 10;

/** What the edits endpoint takes beside model, prompt, n, images and response_format; anything else it refuses. */
const EDIT_OPTIONS: ReadonlySet<string> = new Set(['aspect_ratio', 'resolution', 'quality', 'user']);
const RESOLUTIONS: ReadonlySet<unknown> = new Set(['1k', '1.5k', '2k']);

/** @throws RangeError or TypeError when an option cannot be used. */
export function xai(options: XaiOptions = {}): Provider {
  const base = baseOf(options.baseUrl ?? 'https://api.x.ai');
  const { purpose = 'assistants', expiresAfterSeconds } = options;
  if (
    expiresAfterSeconds !== undefined &&
    !(expiresAfterSeconds >= 3600 && expiresAfterSeconds <= 2_592_000)
  ) {
    throw new RangeError('expiresAfterSeconds must be from 3600 to 2592000');
  }
  const endpoint: UploadEndpoint = {
    url: new URL(`${base}/v1/files`),
    fields: {
      purpose,
      ...(expiresAfterSeconds === undefined
        ? {}
        : { expires_after: String(Math.round(expiresAfterSeconds)) }),
    },
    fileField: 'file',
    // OpenAI's own client sends it, and is used with this API: nothing new to it.
    attemptHeader: 'x-stainless-retry-count',
    parse(answer) {
      const fileId = readAnswer(answer, 'upload').member('id').text();
      return { fileId, fileUri: `${base}/v1/files/${encodeURIComponent(fileId)}` };
    },
  };
  return {
    name: options.name ?? 'xai',
    models: options.models ?? XAI_MODELS,
    maxImages: MAX_IMAGES,
    maxFileBytes: 50 * 1024 * 1024,
    uploadEndpoint: () => endpoint,
    editRequest: (edit) => editRequest(new URL(`${base}/v1/images/edits`), edit),
    parseEdit,
    parseUpstreamError,
  };
}

function baseOf(url: string | URL): string {
  const base = new URL(url);
  if (base.protocol !== 'https:' && base.protocol !== 'http:') throw new TypeError('baseUrl must be http(s)');
  return `${base.origin}${base.pathname}`.replace(/\/+$/, '').replace(/\/v1$/, '');
}

function editRequest(url: URL, edit: EditInput): EditRequest {
  checkEdit(edit);
  const images = edit.images.map(({ fileId }) => ({ file_id: fileId }));
  const [image] = images;
  const body = {
    ...edit.options,
    model: edit.model,
    prompt: edit.prompt,
    n: edit.n,
    ...(edit.responseFormat === undefined ? {} : { response_format: edit.responseFormat }),
    ...(images.length === 1 ? { image } : { images }),
  };
  return {
    method: 'POST',
    url,
    // JSON only: multipart is answered with 415.
    headers: { accept: 'application/json', 'content-type': 'application/json' },
    body: fromText(JSON.stringify(body)),
  };
}

function checkEdit({ images, prompt, n, options = {} }: EditInput): void {
  if (images.length === 0) throw new InvalidEditError('image', 'an edit needs at least one image');
  if (images.length > MAX_IMAGES) {
    throw new InvalidEditError('image', `xAI edits take at most ${MAX_IMAGES} images, not ${images.length}`);
  }
  if (prompt.trim() === '') throw new InvalidEditError('prompt', 'an edit needs a prompt');
  if (!Number.isInteger(n) || n < 1 || n > MAX_N) {
    throw new InvalidEditError('n', `n must be a whole number from 1 to ${MAX_N}`);
  }
  for (const name of Object.keys(options)) {
    if (!EDIT_OPTIONS.has(name)) throw new InvalidEditError(name, `xAI edits do not take ${name}`);
  }
  const { resolution } = options;
  if (resolution !== undefined && !RESOLUTIONS.has(resolution)) {
    throw new InvalidEditError('resolution', 'resolution must be 1k, 1.5k or 2k');
  }
}

function parseEdit(answer: Answer): EditResult {
  const body = readAnswer(answer, 'edit');
  const items = body.member('data').items();
  const shown = items.filter((item) => item.member('respect_moderation').value !== false);
  const blocked = items.length - shown.length;
  if (shown.length === 0) throw new ContentBlockedError(blocked);
  const usage = body.member('usage');
  return {
    images: shown.map(editedImage),
    blocked,
    ...(usage.value === undefined ? {} : { usage: usage.object() }),
  };
}

function editedImage(item: AnswerPart): EditedImage {
  const declared = item.member('mime_type').optionalText();
  const revised = item.member('revised_prompt').optionalText();
  const revisedPrompt = revised === undefined ? {} : { revisedPrompt: revised };
  const inline = item.member('b64_json');
  if (inline.value === undefined) {
    return { kind: 'url', url: imageUrl(item.member('url')), mimeType: declared, ...revisedPrompt };
  }
  const bytes = imageBytes(inline);
  const type = sniffImage(bytes);
  if (type === undefined) throw inline.bad('an image');
  return { kind: 'bytes', bytes, mimeType: type.mediaType, ...revisedPrompt };
}

function imageUrl(part: AnswerPart): URL {
  const url = URL.parse(part.text());
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:'))
    throw part.bad('an http(s) URL');
  return url;
}

function imageBytes(part: AnswerPart): Uint8Array {
  try {
    return decodeBase64(part.text());
  } catch (error) {
    throw UploadInputError.is(error) ? part.bad('base64') : error;
  }
}
