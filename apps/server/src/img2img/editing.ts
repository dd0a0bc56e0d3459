import type { UploadResult } from '@ferry/core';
import type { EditResult } from '@ferry/providers';
import { Inject, Injectable } from '@nestjs/common';
import { CONFIG } from '../config/config.module.ts';
import type { Config } from '../config/schema.ts';
import { fromProviderFailure } from '../errors/upstream-words.ts';
import type { RequestLifetime } from '../http/request-lifetime.ts';
import { PinnedCredential } from '../providers/pinned-credential.ts';
import type { Upstream } from '../providers/upstream.ts';
import { FairLimiter } from './fair-limiter.ts';
import { callEvent, type Listener, uploadedEvent } from './progress.ts';
import type { ReceivedImage } from './received-form.ts';

export interface Edit {
  readonly upstream: Upstream;
  readonly model: string;
  readonly prompt: string;
  readonly n: number;
  readonly images: readonly ReceivedImage[];
  readonly reuseSession: boolean;
  readonly requestId: string;
  readonly lifetime: RequestLifetime;
  readonly listen: Listener;
}

export interface EditOutcome {
  readonly uploads: readonly UploadResult[];
  readonly result: EditResult;
  /** Attempts of the edit itself. */
  readonly attempts: number;
}

/** The images of a request to the upstream, all at once, and then the edit that names them. */
@Injectable()
export class Editing {
  /** Uploads and edits are counted apart: an edit takes long, and must not keep uploads from arriving. */
  readonly #uploads: FairLimiter;
  readonly #edits: FairLimiter;

  constructor(@Inject(CONFIG) { upload }: Config) {
    this.#uploads = new FairLimiter(upload.concurrency);
    this.#edits = new FairLimiter(upload.concurrency);
  }

  /** @throws GatewayError; RequestFailure when the caller's lifetime ended. */
  async edit(edit: Edit): Promise<EditOutcome> {
    const credential = new PinnedCredential(edit.upstream.credentials);
    try {
      const uploads = await this.#uploadAll(edit, credential);
      return { uploads, ...(await this.#editOnce(edit, uploads, credential)) };
    } catch (error) {
      if (edit.lifetime.signal.aborted) throw error;
      throw fromProviderFailure(error, edit.upstream.provider) ?? error;
    }
  }

  async #uploadAll(edit: Edit, credential: PinnedCredential): Promise<UploadResult[]> {
    let done = new Map<ReceivedImage, UploadResult>();
    for (;;) {
      const uploads = await together(edit, (image, signal) => {
        const earlier = done.get(image);
        return earlier !== undefined && earlier.credential === credential.alias
          ? Promise.resolve(earlier)
          : this.#uploadOne(edit, image, credential, signal);
      });
      // A key that was refused half-way has left files that the next key cannot name. Keys only move on, so this ends.
      if (uploads.every((upload) => upload.credential === credential.alias)) return uploads;
      done = new Map(
        edit.images.flatMap((image, i) => (uploads[i] === undefined ? [] : [[image, uploads[i]]])),
      );
    }
  }

  async #uploadOne(
    edit: Edit,
    image: ReceivedImage,
    credential: PinnedCredential,
    signal: AbortSignal,
  ): Promise<UploadResult> {
    const { index, filename } = image;
    using _permit = await this.#uploads.acquire(edit, signal);
    const result = await edit.upstream.uploads.upload(
      { spool: image.spool, filename, contentType: image.type.mediaType },
      credential,
      {
        reuseSession: edit.reuseSession,
        signal,
        deadlineMs: edit.lifetime.remainingMs(),
        logFields: { request_id: edit.requestId },
        onEvent: (event) => edit.listen({ event: 'upload', data: { index, filename, ...callEvent(event) } }),
      },
    );
    edit.listen({ event: 'upload', data: { index, filename, ...uploadedEvent(result) } });
    return result;
  }

  async #editOnce(
    edit: Edit,
    uploads: readonly UploadResult[],
    credential: PinnedCredential,
  ): Promise<Omit<EditOutcome, 'uploads'>> {
    const { upstream, lifetime } = edit;
    using _permit = await this.#edits.acquire(edit, lifetime.signal);
    const request = upstream.provider.editRequest({
      model: edit.model,
      prompt: edit.prompt,
      n: edit.n,
      images: uploads,
      // In the answer itself: the upstream's links expire, and each would be one more request that can fail.
      responseFormat: 'b64_json',
    });
    const deadlineMs = lifetime.remainingMs();
    const answer = await upstream.client.request({
      ...request,
      safety: 'billable',
      label: 'edit',
      reuseSession: edit.reuseSession,
      credential: credential.fixed(),
      signal: lifetime.signal,
      deadlineMs,
      // Making an image takes minutes: only the request's own deadline ends the wait for it.
      limits: { headersMs: deadlineMs, totalMs: deadlineMs },
      maxResponseBytes: MAX_EDIT_ANSWER_BYTES,
      logFields: { request_id: edit.requestId },
      onEvent: (event) => edit.listen({ event: 'edit', data: callEvent(event) }),
    });
    return { result: upstream.provider.parseEdit(answer), attempts: answer.attempts.length };
  }
}

/** Ten images of 2k in base64, generously. */
const MAX_EDIT_ANSWER_BYTES = 128 * 1024 * 1024;

/**
 * Does `work` for every image at once. The first failure cancels the others, and is thrown when all have ended: nothing
 * reads a spool after this returns.
 */
async function together<T>(
  { images, lifetime }: Edit,
  work: (image: ReceivedImage, signal: AbortSignal) => Promise<T>,
): Promise<T[]> {
  const failed = new AbortController();
  const signal = AbortSignal.any([lifetime.signal, failed.signal]);
  let first: { readonly error: unknown } | undefined;
  const results = await Promise.allSettled(
    images.map((image) =>
      work(image, signal).catch((error: unknown) => {
        first ??= { error };
        failed.abort(error);
        throw error;
      }),
    ),
  );
  if (first !== undefined) throw first.error;
  return results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
}
