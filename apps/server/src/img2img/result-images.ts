import { type ImageType, type RetryPolicy, sniffImage } from '@ferry/core';
import type { EditedImage, EditResult } from '@ferry/providers';
import { Injectable } from '@nestjs/common';
import { PinoLogger } from 'nestjs-pino';
import type { Turn } from '../admission/turn.ts';
import { GatewayError } from '../errors/gateway-error.ts';
import type { RequestLifetime } from '../http/request-lifetime.ts';
import { ImageStore } from '../storage/image-store.ts';
import type { Img2ImgAnswer } from './answer.ts';
import { convertImage } from './convert-image.ts';
import type { OutputFormat } from './edit-form.ts';
import { fetchLinked } from './linked-image.ts';

export interface Presentation {
  /** What links start with. */
  readonly base: string;
  readonly lifetime: Pick<RequestLifetime, 'signal' | 'remainingMs'>;
  /** How often a link of the upstream is asked again. */
  readonly policy: RetryPolicy;
  readonly turn: Turn;
  /** Absent: as they come. */
  readonly output?: OutputFormat | undefined;
}

type Presented = Img2ImgAnswer['data'][number];

type Found =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'missing'; readonly error: string; readonly url?: string };

/** Results as callers get them: kept here behind a link, or in the answer. */
@Injectable()
export class ResultImages {
  constructor(
    private readonly store: ImageStore,
    private readonly logger: PinoLogger,
  ) {}

  /**
   * A result that cannot be had does not take the others along: all of them have been paid for. In its place stands why, with the
   * upstream's link if the caller may try that.
   * @throws GatewayError when none can be had.
   */
  async present(
    { images }: EditResult,
    format: 'url' | 'b64_json',
    presentation: Presentation,
  ): Promise<Presented[]> {
    const results = await Promise.all(images.map((image) => this.#presentOne(image, format, presentation)));
    if (results.some(({ error }) => error === undefined)) return results;
    throw unusable(results[0]?.error ?? 'The upstream gave no result.', {
      links: results.flatMap(({ url }) => url ?? []),
    });
  }

  async #presentOne(
    image: EditedImage,
    format: 'url' | 'b64_json',
    presentation: Presentation,
  ): Promise<Presented> {
    const { base, output } = presentation;
    const revised = image.revisedPrompt !== undefined && { revised_prompt: image.revisedPrompt };
    const found = image.kind === 'bytes' ? image : await this.#fetched(image.url, presentation);
    if (found.kind === 'missing') {
      const { kind: _, ...why } = found;
      return { ...why, ...(image.mimeType !== undefined && { mime_type: image.mimeType }), ...revised };
    }
    const bytes =
      output === undefined ? found.bytes : await this.#converted(found.bytes, output, presentation);
    const type = sniffImage(bytes);
    if (type === undefined) return { error: 'The result of the upstream is no image.', ...revised };
    const about = { mime_type: type.mediaType, ...revised };
    const name = format === 'url' ? await this.#keep(bytes, type) : undefined;
    if (name === undefined) {
      return {
        b64_json: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64'),
        ...about,
      };
    }
    return { url: `${base.replace(/\/+$/, '')}/images/${name}`, ...about };
  }

  async #fetched(url: URL, { lifetime, policy }: Presentation): Promise<Found> {
    const { signal } = lifetime;
    try {
      const linked = await fetchLinked(url, {
        signal,
        remainingMs: () => lifetime.remainingMs(),
        policy,
        onRetry: (retry) => this.logger.warn(retry, 'Cannot fetch a result; trying again'),
      });
      if (linked.kind === 'bytes') return linked;
      const { reason, mayTry, cause } = linked;
      this.logger.error({ err: cause }, 'Cannot fetch a result; it stays behind the link of the upstream');
      return {
        kind: 'missing',
        error: `The result of the upstream cannot be fetched: ${reason}.`,
        ...(mayTry && { url: url.href }),
      };
    } catch (error) {
      // The caller is told why the time ended; that it was paid for is said either way.
      throw unusable('The result of the upstream cannot be fetched in time.', { cause: error });
    }
  }

  /** What cannot be converted stays as it is: it has been paid for. */
  async #converted(bytes: Uint8Array, output: OutputFormat, about: Presentation): Promise<Uint8Array> {
    try {
      return await convertImage(bytes, output, about.turn, about.lifetime.signal);
    } catch (error) {
      if (about.lifetime.signal.aborted)
        throw unusable('The result of the upstream cannot be converted in time.', { cause: error });
      this.logger.error({ err: error }, 'Cannot convert a result; it goes out as it is');
      return bytes;
    }
  }

  /** The name of the kept picture. One that cannot be kept goes into the answer instead: it has been paid for. */
  async #keep(bytes: Uint8Array, type: ImageType): Promise<string | undefined> {
    try {
      return await this.store.save(bytes, type);
    } catch (error) {
      this.logger.error({ err: error }, 'Cannot keep a result; it goes into the answer as base64');
      return undefined;
    }
  }
}

function unusable(
  message: string,
  { cause, links = [] }: { readonly cause?: unknown; readonly links?: readonly string[] },
): GatewayError {
  return new GatewayError(message, {
    status: 502,
    type: 'upstream_error',
    code: 'upstream_bad_answer',
    // It was made and paid for.
    shouldRetry: false,
    ...(links.length > 0 && { details: { links } }),
    cause,
  });
}
