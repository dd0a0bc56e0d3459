import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import type { DiskStore, StoredFile } from '../storage/disk-store.ts';
import { type Answer, type ApiRequest, jsonAnswer } from './answer.ts';
import { ApiError, badRequest } from './api-error.ts';
import { receiveUpload } from './receive-upload.ts';

export interface UploadMeta {
  /** Alias of the key it was uploaded with. */
  readonly owner: string;
  readonly filename: string;
  readonly purpose: string;
}

export interface FilesOptions {
  readonly store: DiskStore<UploadMeta>;
  readonly maxFileBytes: number;
  readonly latencyMs: number;
}

/** `/v1/files`: real files on disk, each belonging to the key that uploaded it. */
export class FilesEndpoint {
  readonly #options: FilesOptions;

  constructor(options: FilesOptions) {
    this.#options = options;
  }

  async upload(request: ApiRequest, owner: string): Promise<Answer> {
    const { store, maxFileBytes, latencyMs } = this.#options;
    const id = `file-${randomUUID()}`;
    const upload = await receiveUpload(request.body, request.headers, store.pathOf(id), maxFileBytes);
    const { fields, filename, bytes, sha256 } = upload;
    try {
      const purpose = fields.get('purpose') ?? '';
      if (purpose === '') throw badRequest('purpose', 'The field purpose must come before file');
      if (bytes === 0) throw badRequest('file', 'The file is empty');
      const ageMs = expiry(fields.get('expires_after'));
      if (latencyMs > 0) await setTimeout(latencyMs, undefined, { signal: request.signal });
      const file = await store.put(id, bytes, { owner, filename, purpose }, ageMs);
      return jsonAnswer(200, fileObject(id, file), {
        work: { file: { id, bytes, sha256, expiresAt: file.expiresAt } },
      });
    } catch (error) {
      await store.discard(id);
      throw error;
    }
  }

  describe(id: string, owner: string): Answer {
    return jsonAnswer(200, fileObject(id, this.owned(id, owner, 'id')));
  }

  content(id: string, owner: string): Answer {
    const body = this.owned(id, owner, 'id');
    return { status: 200, headers: { 'content-type': 'application/octet-stream' }, body };
  }

  async delete(id: string, owner: string): Promise<Answer> {
    this.owned(id, owner, 'id');
    await this.#options.store.delete(id);
    return jsonAnswer(200, { id, object: 'file', deleted: true });
  }

  /**
   * The file of this id.
   * @throws ApiError 404; another key's file is as unknown as none, since files belong to an account.
   */
  owned(id: string, owner: string, param: string): StoredFile<UploadMeta> {
    const file = this.#options.store.get(id);
    if (!file || file.meta.owner !== owner) {
      throw new ApiError('No such file', { status: 404, code: 'file_not_found', param });
    }
    return file;
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
