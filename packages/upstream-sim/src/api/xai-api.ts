import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { DiskStore } from '../storage/disk-store.ts';
import { AcceptedKeys } from './accepted-keys.ts';
import { type Answer, type ApiRequest, jsonAnswer } from './answer.ts';
import type { Api, ApiOptions } from './api.ts';
import { ApiError, errorBody } from './api-error.ts';
import { EditsEndpoint, MODELS } from './edits-endpoint.ts';
import { FilesEndpoint } from './files-endpoint.ts';
import { modelsAnswer } from './models-answer.ts';
import { Results } from './results.ts';

/** The shape of xAI's files and images API, over real storage and a real image editor. Knows no HTTP server. */
export class XaiApi implements Api {
  readonly #keys: AcceptedKeys;
  readonly #files: FilesEndpoint;
  readonly #edits: EditsEndpoint;
  readonly #results: Results;

  private constructor(keys: AcceptedKeys, files: FilesEndpoint, edits: EditsEndpoint, results: Results) {
    this.#keys = keys;
    this.#files = files;
    this.#edits = edits;
    this.#results = results;
  }

  static async create({ dir, editor, keys, limits, latencyMs, now }: ApiOptions): Promise<XaiApi> {
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
    const results = new Results(
      new DiskStore({ dir: resultDir, maxBytes, maxAgeMs: limits.resultAgeMs, now }),
    );
    const edits = new EditsEndpoint({
      editor,
      files,
      results,
      maxJsonBytes: limits.maxJsonBytes,
      latencyMs: latencyMs.edit,
      now,
    });
    return new XaiApi(new AcceptedKeys(keys), files, edits, results);
  }

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
    const result = Results.nameIn(request);
    // Result links carry an unguessable name instead of a key, as signed links do.
    if (result !== undefined) return this.#results.answer(result);

    const owner = this.#keys.ownerOf(request);
    const [, id = '', content] = /^\/v1\/files\/([\w-]+)(\/content)?$/.exec(path) ?? [];
    switch (`${method} ${id === '' ? path : `/v1/files/:id${content ?? ''}`}`) {
      case 'GET /v1/models':
        return modelsAnswer(MODELS);
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
}
