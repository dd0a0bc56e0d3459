import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import type { EditedImage } from '../image/image-editor.ts';
import type { DiskStore, StoredFile } from '../storage/disk-store.ts';
import type { Answer, ApiRequest } from './answer.ts';
import { ApiError } from './api-error.ts';

/** Pictures made, in the answer itself or behind short-lived links. */
export class Results {
  readonly #store: DiskStore<null>;

  constructor(store: DiskStore<null>) {
    this.#store = store;
  }

  /** The name in a link's path; undefined for every other request. */
  static nameIn({ method, path }: Pick<ApiRequest, 'method' | 'path'>): string | undefined {
    return method === 'GET' ? /^\/v1\/images\/([\w-]+\.jpg)$/.exec(path)?.[1] : undefined;
  }

  /** A picture as its member of the answer. */
  async deliver(
    { bytes }: EditedImage,
    format: 'url' | 'b64_json',
    authority: string,
  ): Promise<{ readonly b64_json: string } | { readonly url: string }> {
    if (format === 'b64_json') return { b64_json: Buffer.from(bytes).toString('base64') };
    const name = `${randomUUID()}.jpg`;
    await writeFile(this.#store.pathOf(name), bytes);
    await this.#store.put(name, bytes.byteLength, null);
    return { url: `https://${authority}/v1/images/${name}` };
  }

  get(name: string): StoredFile<null> | undefined {
    return this.#store.get(name);
  }

  /** The picture behind a link. @throws ApiError 404. */
  answer(name: string): Answer {
    const file = this.get(name);
    if (!file)
      throw new ApiError('No such image, or its link has expired', { status: 404, code: 'not_found' });
    const headers = { 'content-type': 'image/jpeg', 'cache-control': 'private, max-age=600' };
    return { status: 200, headers, body: file };
  }
}
