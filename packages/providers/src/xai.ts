/** xAI's Files and Images APIs (docs.x.ai), called with the operator's own key. */
import { type Answer, fromText, type UploadEndpoint } from '@ferry/core';
import { readAnswer } from './answer-reader.ts';
import { baseOf } from './base-url.ts';
import { checkEdit } from './check-edit.ts';
import { editResult } from './edited-image.ts';
import type { EditInput, EditRequest, EditResult, FileIdProvider } from './provider.ts';
import { ContentBlockedError, InvalidEditError } from './provider-error.ts';
import { parseUpstreamError, type UpstreamError } from './upstream-error.ts';
import { xaiOptions } from './xai-options.ts';

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

/** What the edits endpoint takes beside model, prompt, n, images and response_format; anything else it refuses. */
const EDIT_OPTIONS: ReadonlySet<string> = new Set(['aspect_ratio', 'resolution', 'quality', 'user']);
const RESOLUTIONS: ReadonlySet<unknown> = new Set(['1k', '1.5k', '2k']);

/** @throws RangeError or TypeError when an option cannot be used. */
export function xai(options: XaiOptions = {}): FileIdProvider {
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
  const editsUrl = new URL(`${base}/v1/images/edits`);
  return {
    delivery: 'by-file-id',
    name: options.name ?? 'xai',
    models: options.models ?? XAI_MODELS,
    maxImages: MAX_IMAGES,
    maxFileBytes: 50 * 1024 * 1024,
    editsUrl,
    uploadEndpoint: () => endpoint,
    optionsFor: xaiOptions,
    editRequest: (edit) => editRequest(editsUrl, edit),
    parseEdit,
    parseUpstreamError: xaiError,
  };
}

function editRequest(url: URL, edit: EditInput): EditRequest {
  checkEdit(edit, { service: 'xAI', maxImages: MAX_IMAGES, options: EDIT_OPTIONS });
  const resolution = edit.options?.resolution;
  if (resolution !== undefined && !RESOLUTIONS.has(resolution)) {
    throw new InvalidEditError('resolution', 'resolution must be 1k, 1.5k or 2k');
  }
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

function parseEdit(answer: Answer): EditResult {
  const body = readAnswer(answer, 'edit');
  const items = body.member('data').items();
  const shown = items.filter((item) => item.member('respect_moderation').value !== false);
  const blocked = items.length - shown.length;
  if (shown.length === 0) throw new ContentBlockedError(blocked);
  return { ...editResult(body, shown), blocked };
}

/** Moderation has no status and no code of its own: xAI says it in the words of a 400. */
const BLOCKED = /moderat|content[_ -]?(policy|filter|block)/i;

function xaiError(status: number, text: string): UpstreamError {
  const said = parseUpstreamError(status, text);
  return { ...said, blocked: status === 400 && BLOCKED.test(`${said.code ?? ''} ${said.message}`) };
}
