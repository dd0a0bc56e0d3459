import { createHash, randomUUID } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { setTimeout } from 'node:timers/promises';
import { BadSourceError, type EditedImage, type ImageEditor } from '../image/image-editor.ts';
import { isBlocked } from '../image/prompt-words.ts';
import { DiskStore, type StoredFile } from '../storage/disk-store.ts';
import { type Answer, type ApiRequest, jsonAnswer } from './answer.ts';
import { ApiError, badRequest, type ErrorShape, errorBody } from './api-error.ts';
import { type EditRequest, type ImageReference, parseEditRequest } from './edit-request.ts';
import { keyAlias } from './key-alias.ts';
import { receiveUpload } from './receive-upload.ts';

export interface XaiLimits {
  /** Bytes of one uploaded file. */
  readonly maxFileBytes: number;
  /** Bytes of an edit's JSON, data URIs included. */
  readonly maxJsonBytes: number;
  /** Bytes of all uploads kept, and again of all results. */
  readonly maxStoredBytes: number;
  /** Milliseconds an upload is kept when it does not say `expires_after`. */
  readonly fileAgeMs: number;
  /** Milliseconds a result link works. */
  readonly resultAgeMs: number;
}

export const DEFAULT_LIMITS: XaiLimits = {
  maxFileBytes: 50 * 1024 * 1024,
  maxJsonBytes: 64 * 1024 * 1024,
  maxStoredBytes: 2 * 1024 ** 3,
  fileAgeMs: 3_600_000,
  resultAgeMs: 600_000,
};

export interface XaiApiOptions {
  readonly dir: string;
  readonly editor: ImageEditor;
  /** Keys that are accepted; undefined accepts any that is not empty. */
  readonly keys: readonly string[] | undefined;
  readonly limits: XaiLimits;
  /** Milliseconds that an upload or an edit takes beyond its work. */
  readonly latencyMs: { readonly upload: number; readonly edit: number };
  /** Milliseconds since the Unix epoch. */
  readonly now: () => number;
}

/** The models of xAI's image API, and what this simulator knows of them. */
export const MODELS = ['grok-imagine-image', 'grok-imagine-image-quality', 'grok-imagine-image-2.0'] as const;

interface UploadMeta {
  readonly owner: string;
  readonly filename: string;
  readonly contentType: string;
  readonly purpose: string;
}

/** The shape of xAI's files and images API, over real storage and a real image editor. Knows no HTTP server. */
export class XaiApi {
  readonly #options: XaiApiOptions;
  readonly #uploads: DiskStore<UploadMeta>;
  readonly #results: DiskStore<null>;
  readonly #accepted: ReadonlySet<string> | undefined;

  private constructor(options: XaiApiOptions, uploadDir: string, resultDir: string) {
    const { limits, now } = options;
    this.#options = options;
    this.#accepted = options.keys && new Set(options.keys.map(digest));
    const maxBytes = limits.maxStoredBytes;
    this.#uploads = new DiskStore({ dir: uploadDir, maxBytes, maxAgeMs: limits.fileAgeMs, now });
    this.#results = new DiskStore({ dir: resultDir, maxBytes, maxAgeMs: limits.resultAgeMs, now });
  }

  static async create(options: XaiApiOptions): Promise<XaiApi> {
    const uploadDir = join(options.dir, 'uploads');
    const resultDir = join(options.dir, 'results');
    await mkdir(uploadDir, { recursive: true });
    await mkdir(resultDir, { recursive: true });
    return new XaiApi(options, uploadDir, resultDir);
  }

  /** Answers every request; an error of the client's is an answer too. Rejects only when the request itself was cut off. */
  async handle(request: ApiRequest): Promise<Answer> {
    try {
      return await this.#route(request);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      const shape: ErrorShape = request.path.startsWith('/v1/images') ? 'nested' : 'flat';
      return jsonAnswer(error.status, errorBody(error, shape), { headers: error.headers });
    }
  }

  #route(request: ApiRequest): Promise<Answer> | Answer {
    const { method, path } = request;
    const result = /^\/v1\/images\/([\w-]+\.jpg)$/.exec(path)?.[1];
    // Result links carry their own unguessable name instead of a key, as signed links do.
    if (method === 'GET' && result !== undefined) return this.#getResult(result);

    const owner = this.#authenticate(request);
    if (method === 'GET' && path === '/v1/models') return this.#listModels();
    if (method === 'POST' && path === '/v1/files') return this.#upload(request, owner);
    if (method === 'POST' && path === '/v1/images/edits') return this.#edit(request, owner);
    const [, id, content] = /^\/v1\/files\/([\w-]+)(\/content)?$/.exec(path) ?? [];
    if (id !== undefined) {
      const file = this.#ownedFile(id, owner, 'id');
      if (method === 'GET' && content !== undefined) {
        return { status: 200, headers: { 'content-type': 'application/octet-stream' }, body: file };
      }
      if (method === 'GET') return jsonAnswer(200, fileObject(id, file));
      if (method === 'DELETE' && content === undefined) {
        return this.#uploads.delete(id).then(() => jsonAnswer(200, { id, object: 'file', deleted: true }));
      }
    }
    throw new ApiError(`No such endpoint: ${method} ${path.slice(0, 100)}`, {
      status: 404,
      code: 'not_found',
    });
  }

  /** The alias of the key, which owns what is uploaded with it. */
  #authenticate({ headers }: ApiRequest): string {
    const key = /^Bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1];
    if (key === undefined) {
      throw new ApiError('No API key: send authorization: Bearer <key>', {
        status: 401,
        code: 'unauthenticated',
        headers: { 'www-authenticate': 'Bearer' },
      });
    }
    if (this.#accepted && !this.#accepted.has(digest(key))) {
      throw new ApiError('Incorrect API key provided', { status: 401, code: 'invalid_api_key' });
    }
    return keyAlias(key);
  }

  #listModels(): Answer {
    const data = MODELS.map((id) => ({
      id,
      object: 'model',
      created: 1_760_000_000,
      owned_by: 'ferry-upstream-sim',
    }));
    return jsonAnswer(200, { object: 'list', data });
  }

  async #upload(request: ApiRequest, owner: string): Promise<Answer> {
    const { limits, latencyMs } = this.#options;
    const id = `file-${randomUUID()}`;
    const target = this.#uploads.pathOf(id);
    const upload = await receiveUpload(request.body, request.headers, target, limits.maxFileBytes);
    const meta = { owner, filename: upload.filename, contentType: upload.contentType };
    try {
      const purpose = upload.fields.get('purpose');
      if (purpose === undefined || purpose === '')
        throw badRequest('purpose', 'The field purpose must come before file');
      if (upload.bytes === 0) throw badRequest('file', 'The file is empty');
      const ageMs = expiry(upload.fields.get('expires_after'));
      await pause(latencyMs.upload, request.signal);
      const file = await this.#uploads.put(id, upload.bytes, { ...meta, purpose }, ageMs);
      return jsonAnswer(200, fileObject(id, file), {
        work: { file: { id, bytes: upload.bytes, sha256: upload.sha256 } },
      });
    } catch (error) {
      await this.#uploads.discard(id);
      throw error;
    }
  }

  async #edit(request: ApiRequest, owner: string): Promise<Answer> {
    const { editor, limits, latencyMs } = this.#options;
    const edit = parseEditRequest(await readJson(request, limits.maxJsonBytes));
    if (!(MODELS as readonly string[]).includes(edit.model)) {
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
    await pause(latencyMs.edit, request.signal);
    const usage = { input_images: sources.length, output_images: edit.n };
    if (isBlocked(edit.prompt)) {
      const data = Array.from({ length: edit.n }, () => ({
        revised_prompt: edit.prompt,
        respect_moderation: false,
      }));
      return jsonAnswer(200, {
        created: this.#seconds(),
        simulated: true,
        data,
        usage: { ...usage, output_images: 0 },
      });
    }
    const { images, description } = await editor
      .edit(
        { sources, prompt: edit.prompt, n: edit.n, aspectRatio: edit.aspectRatio, maxSide: edit.maxSide },
        request.signal,
      )
      .catch((error: unknown) => {
        if (!(error instanceof BadSourceError)) throw error;
        throw badRequest(edit.images[error.index]?.param ?? 'image', error.message);
      });
    const data = await Promise.all(
      images.map((image) => this.#resultEntry(image, edit, description, request.authority)),
    );
    return jsonAnswer(
      200,
      { created: this.#seconds(), simulated: true, data, usage },
      { work: { images: images.length } },
    );
  }

  #source(image: ImageReference, owner: string): string | Uint8Array {
    switch (image.kind) {
      case 'file':
        return this.#ownedFile(image.fileId, owner, image.param).path;
      case 'bytes':
        return image.bytes;
      case 'result': {
        const file = this.#results.get(image.name);
        if (!file) throw badRequest(image.param, 'That result is no longer kept: its link was short-lived');
        return file.path;
      }
    }
  }

  async #resultEntry(
    image: EditedImage,
    edit: EditRequest,
    description: string,
    authority: string,
  ): Promise<object> {
    const entry = {
      mime_type: image.mimeType,
      revised_prompt: `[simulated: ${description}] ${edit.prompt}`,
      respect_moderation: true,
    };
    if (edit.responseFormat === 'b64_json')
      return { b64_json: Buffer.from(image.bytes).toString('base64'), ...entry };
    const name = `${randomUUID()}.jpg`;
    await writeFile(this.#results.pathOf(name), image.bytes);
    await this.#results.put(name, image.bytes.byteLength, null);
    return { url: `https://${authority}/v1/images/${name}`, ...entry };
  }

  #getResult(name: string): Answer {
    const file = this.#results.get(name);
    if (!file)
      throw new ApiError('No such image, or its link has expired', { status: 404, code: 'not_found' });
    return {
      status: 200,
      headers: { 'content-type': 'image/jpeg', 'cache-control': 'private, max-age=600' },
      body: file,
    };
  }

  /** Another key's file is as unknown as none: files belong to the account that uploaded them. */
  #ownedFile(id: string, owner: string, param: string): StoredFile<UploadMeta> {
    const file = this.#uploads.get(id);
    if (!file || file.meta.owner !== owner) {
      throw new ApiError('No such file', { status: 404, code: 'file_not_found', param });
    }
    return file;
  }

  #seconds(): number {
    return Math.floor(this.#options.now() / 1000);
  }
}

function fileObject(id: string, file: StoredFile<UploadMeta>): object {
  return {
    id,
    object: 'file',
    bytes: file.bytes,
    created_at: Math.floor(file.createdAt / 1000),
    expires_at: Math.floor(file.expiresAt / 1000),
    filename: file.meta.filename,
    purpose: file.meta.purpose,
    status: 'processed',
  };
}

/** Seconds as text, 3600 to 2592000 as xAI takes them, to milliseconds. */
function expiry(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const seconds = Number(text);
  if (!Number.isInteger(seconds) || seconds < 3600 || seconds > 2_592_000) {
    throw badRequest('expires_after', 'expires_after must be 3600 to 2592000 seconds');
  }
  return seconds * 1000;
}

async function readJson({ body, headers }: ApiRequest, maxBytes: number): Promise<unknown> {
  if (!/^application\/json\b/i.test(headers['content-type'] ?? '')) {
    throw new ApiError('Expected content-type application/json', {
      status: 415,
      code: 'unsupported_media_type',
    });
  }
  const text = (await readBytes(body, maxBytes)).toString('utf8');
  try {
    return JSON.parse(text);
  } catch {
    throw badRequest('body', 'The body is not JSON');
  }
}

async function readBytes(body: Readable, maxBytes: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  // The stream must survive a refusal: what follows is drained, so that the connection can be used again.
  for await (const chunk of body.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes) {
      throw new ApiError(`The body is larger than ${maxBytes} bytes`, {
        status: 413,
        code: 'request_too_large',
        param: 'body',
      });
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (ms > 0) await setTimeout(ms, undefined, { signal });
}

function digest(key: string): string {
  return createHash('sha256').update(key).digest('hex');
}
