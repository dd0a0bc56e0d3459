import { buffer } from 'node:stream/consumers';
import { fetchUrl, type ImageType, sniffImage, UploadInputError } from '@ferry/core';
import type { EditedImage, EditResult } from '@ferry/providers';
import { Injectable } from '@nestjs/common';
import { PinoLogger } from 'nestjs-pino';
import type { Turn } from '../admission/turn.ts';
import { GatewayError } from '../errors/gateway-error.ts';
import { ImageStore } from '../storage/image-store.ts';
import type { Img2ImgAnswer } from './answer.ts';
import { convertImage } from './convert-image.ts';
import type { OutputFormat } from './edit-form.ts';

/** The largest picture an upstream's link may lead to. */
const MAX_LINKED_BYTES = 32 * 1024 * 1024;

export interface Presentation {
  /** What links start with. */
  readonly base: string;
  readonly signal: AbortSignal;
  readonly turn: Turn;
  /** Absent: as they come. */
  readonly output?: OutputFormat | undefined;
}

/** Results as callers get them: kept here behind a link, or in the answer. */
@Injectable()
export class ResultImages {
  constructor(
    private readonly store: ImageStore,
    private readonly logger: PinoLogger,
  ) {}

  present(
    { images }: EditResult,
    format: 'url' | 'b64_json',
    presentation: Presentation,
  ): Promise<Img2ImgAnswer['data']> {
    return Promise.all(images.map((image) => this.#presentOne(image, format, presentation)));
  }

  async #presentOne(
    image: EditedImage,
    format: 'url' | 'b64_json',
    presentation: Presentation,
  ): Promise<Img2ImgAnswer['data'][number]> {
    const { base, signal, output } = presentation;
    const original = image.kind === 'bytes' ? image.bytes : await download(image.url, signal);
    const bytes = output === undefined ? original : await this.#converted(original, output, presentation);
    const type = sniffImage(bytes);
    if (type === undefined) throw unusable('is no image', undefined);
    const about = {
      mime_type: type.mediaType,
      ...(image.revisedPrompt !== undefined && { revised_prompt: image.revisedPrompt }),
    };
    const name = format === 'url' ? await this.#keep(bytes, type) : undefined;
    if (name === undefined) {
      return {
        b64_json: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64'),
        ...about,
      };
    }
    return { url: `${base.replace(/\/+$/, '')}/images/${name}`, ...about };
  }

  /** What cannot be converted stays as it is: it has been paid for. */
  async #converted(bytes: Uint8Array, output: OutputFormat, about: Presentation): Promise<Uint8Array> {
    try {
      return await convertImage(bytes, output, about.turn, about.signal);
    } catch (error) {
      if (about.signal.aborted) throw unusable('cannot be converted in time', error);
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

/** An upstream's link is fetched at once: it expires. It may lead only where the public internet is. */
async function download(url: URL, signal: AbortSignal): Promise<Uint8Array> {
  try {
    await using file = await fetchUrl(url, { maxBytes: MAX_LINKED_BYTES, signal });
    return await buffer(file.body);
  } catch (error) {
    // When the time ended the caller is told that instead; that it was paid for is said either way.
    throw unusable(
      UploadInputError.is(error) ? `cannot be fetched: ${error.message}` : 'cannot be fetched',
      error,
    );
  }
}

function unusable(what: string, cause: unknown): GatewayError {
  return new GatewayError(`The result of the upstream ${what}.`, {
    status: 502,
    type: 'upstream_error',
    code: 'upstream_bad_answer',
    // It was made and paid for.
    shouldRetry: false,
    cause,
  });
}
