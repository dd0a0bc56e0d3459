import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { DiskStore } from '../storage/disk-store.ts';
import { AcceptedKeys } from './accepted-keys.ts';
import { type Answer, type ApiRequest, jsonAnswer } from './answer.ts';
import type { Api, ApiOptions } from './api.ts';
import { ApiError, errorBody } from './api-error.ts';
import { modelsAnswer } from './models-answer.ts';
import { OPENAI_MODELS, OpenAiEdits } from './openai-edits.ts';
import { Results } from './results.ts';

/**
 * The shape of OpenAI's image edits: multipart with the images inside. Its other endpoints are not here; what asks for one
 * of them, such as an upload, is told so.
 */
export class OpenAiApi implements Api {
  readonly #keys: AcceptedKeys;
  readonly #edits: OpenAiEdits;
  readonly #results: Results;

  private constructor(keys: AcceptedKeys, edits: OpenAiEdits, results: Results) {
    this.#keys = keys;
    this.#edits = edits;
    this.#results = results;
  }

  static async create({ dir, editor, keys, limits, latencyMs, now }: ApiOptions): Promise<OpenAiApi> {
    const inputDir = join(dir, 'inputs');
    const resultDir = join(dir, 'results');
    await mkdir(inputDir, { recursive: true });
    await mkdir(resultDir, { recursive: true });
    const { maxStoredBytes: maxBytes, resultAgeMs: maxAgeMs, maxFileBytes } = limits;
    const results = new Results(new DiskStore({ dir: resultDir, maxBytes, maxAgeMs, now }));
    const edits = new OpenAiEdits({
      editor,
      results,
      inputDir,
      maxFileBytes,
      latencyMs: latencyMs.edit,
      now,
    });
    return new OpenAiApi(new AcceptedKeys(keys), edits, results);
  }

  async handle(request: ApiRequest): Promise<Answer> {
    try {
      return await this.#route(request);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      return jsonAnswer(error.status, errorBody(error, 'nested'), { headers: error.headers });
    }
  }

  #route(request: ApiRequest): Answer | Promise<Answer> {
    const { method, path } = request;
    const result = Results.nameIn(request);
    if (result !== undefined) return this.#results.answer(result);
    this.#keys.ownerOf(request);
    switch (`${method} ${path}`) {
      case 'GET /v1/models':
        return modelsAnswer(OPENAI_MODELS);
      case 'POST /v1/images/edits':
        return this.#edits.edit(request);
      default:
        throw new ApiError(`Invalid URL (${method} ${path.slice(0, 100)})`, {
          status: 404,
          code: 'not_found',
        });
    }
  }
}
