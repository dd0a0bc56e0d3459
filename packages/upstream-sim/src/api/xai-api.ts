import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ImageEditor } from '../image/image-editor.ts';
import { DiskStore } from '../storage/disk-store.ts';
import { type Answer, type ApiRequest, jsonAnswer } from './answer.ts';
import { ApiError, errorBody } from './api-error.ts';
import { EditsEndpoint, MODELS } from './edits-endpoint.ts';
import { FilesEndpoint } from './files-endpoint.ts';
import { bearerKey, keyAlias } from './key-alias.ts';
import type { XaiLimits } from './xai-limits.ts';

export interface XaiApiOptions {
  /** Where uploads and results are kept. */
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

/** The shape of xAI's files and images API, over real storage and a real image editor. Knows no HTTP server. */
export class XaiApi {
  readonly #accepted: ReadonlySet<string> | undefined;
  readonly #files: FilesEndpoint;
  readonly #edits: EditsEndpoint;

  private constructor(keys: readonly string[] | undefined, files: FilesEndpoint, edits: EditsEndpoint) {
    this.#accepted = keys && new Set(keys.map(digest));
    this.#files = files;
    this.#edits = edits;
  }

  static async create({ dir, editor, keys, limits, latencyMs, now }: XaiApiOptions): Promise<XaiApi> {
    const uploadDir = join(dir, 'uploads');
    const resultDir = join(dir, 'results');
    await mkdir(uploadDir, { recursive: true });
    await mkdir(resultDir, { recursive: true });
    const maxBytes = limits.maxStoredBytes;
    const files = new FilesEndpoint({
      store: new DiskStore({ dir: uploadDir, maxBytes, maxAgeMs: limits.fileAgeMs, now }),
      maxFileBytes: limits.maxFileBytes,
      latencyMs: latencyMs.upload,
    });
    const edits = new EditsEndpoint({
      editor,
      files,
      results: new DiskStore({ dir: resultDir, maxBytes, maxAgeMs: limits.resultAgeMs, now }),
      maxJsonBytes: limits.maxJsonBytes,
      latencyMs: latencyMs.edit,
      now,
    });
    return new XaiApi(keys, files, edits);
  }

  /** Answers every request; an error of the client's is an answer too. Rejects only when the request was cut off. */
  async handle(request: ApiRequest): Promise<Answer> {
    try {
      return await this.#route(request);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      const shape = request.path.startsWith('/v1/images') ? 'nested' : 'flat';
      return jsonAnswer(error.status, errorBody(error, shape), { headers: error.headers });
    }
  }

  #route(request: ApiRequest): Answer | Promise<Answer> {
    const { method, path } = request;
    const result = /^\/v1\/images\/([\w-]+\.jpg)$/.exec(path)?.[1];
    // Result links carry an unguessable name instead of a key, as signed links do.
    if (method === 'GET' && result !== undefined) return this.#edits.result(result);

    const owner = this.#authenticate(request);
    const [, id = '', content] = /^\/v1\/files\/([\w-]+)(\/content)?$/.exec(path) ?? [];
    switch (`${method} ${id === '' ? path : `/v1/files/:id${content ?? ''}`}`) {
      case 'GET /v1/models':
        return listModels();
      case 'POST /v1/files':
        return this.#files.upload(request, owner);
      case 'GET /v1/files/:id':
        return this.#files.describe(id, owner);
      case 'GET /v1/files/:id/content':
        return this.#files.content(id, owner);
      case 'DELETE /v1/files/:id':
        return this.#files.delete(id, owner);
      case 'POST /v1/images/edits':
        return this.#edits.edit(request, owner);
      default:
        throw new ApiError(`No such endpoint: ${method} ${path.slice(0, 100)}`, {
          status: 404,
          code: 'not_found',
        });
    }
  }

  /** The alias of the key, which owns what is uploaded with it. */
  #authenticate({ headers }: ApiRequest): string {
    const key = bearerKey(headers.authorization);
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
}

function listModels(): Answer {
  const owned = { object: 'model', created: 1_760_000_000, owned_by: 'ferry-upstream-sim' };
  return jsonAnswer(200, { object: 'list', data: MODELS.map((id) => ({ id, ...owned })) });
}

/** Looked up by digest, so that comparing takes the same time for every wrong key. */
function digest(key: string): string {
  return createHash('sha256').update(key).digest('hex');
}
