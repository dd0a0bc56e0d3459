import { Inject, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { CONFIG } from '../config/config.module.ts';
import type { Config } from '../config/schema.ts';
import { badRequest } from '../errors/gateway-error.ts';
import type { RequestLifetime } from '../http/request-lifetime.ts';
import { Upstreams } from '../providers/upstreams.ts';
import { maxFileBytes, spoolDirectory } from '../transport/clients.ts';
import { type Img2ImgAnswer, uploadView } from './answer.ts';
import { Editing } from './editing.ts';
import { parseFields } from './form-schema.ts';
import { ImageCheck } from './image-check.ts';
import type { Listener } from './progress.ts';
import { readForm } from './read-form.ts';
import type { ReceivedImage } from './received-form.ts';
import { ResultImages } from './result-images.ts';

/** One request from its form to its answer. */
@Injectable()
export class Img2ImgService {
  readonly #check: ImageCheck;

  constructor(
    @Inject(CONFIG) private readonly config: Config,
    private readonly upstreams: Upstreams,
    private readonly editing: Editing,
    private readonly results: ResultImages,
  ) {
    this.#check = new ImageCheck(config.upload.max_image_megapixels * 1_000_000);
  }

  /**
   * Receives, checks, uploads, edits, stores. Whatever happens, no spool outlives it.
   * @throws GatewayError and what `toGatewayError` knows.
   */
  async run(request: FastifyRequest, lifetime: RequestLifetime, listen: Listener): Promise<Img2ImgAnswer> {
    const startedAt = performance.now();
    const base = this.config.server.public_url ?? linkBase(request.host);
    await using spools = new AsyncDisposableStack();
    const { upload } = this.config;
    const form = await readForm(
      request,
      {
        maxImages: upload.max_images,
        maxFileBytes: maxFileBytes(this.config),
        // UTF-8 needs at most 3 bytes for what counts as one character here (a UTF-16 unit).
        maxFieldBytes: Math.max(1_024, upload.max_prompt_chars * 3),
        spoolDirectory: spoolDirectory(this.config),
        signal: lifetime.signal,
      },
      spools,
    );
    const fields = parseFields(form.fields, upload.max_prompt_chars);
    if (form.images.length === 0) {
      throw badRequest('The image is missing: send at least one field named image.', {
        code: 'missing_required_parameter',
        param: 'image',
      });
    }
    const { upstream, model } = this.upstreams.route(fields.model);
    const most = Math.min(upload.max_images, upstream.provider.maxImages);
    if (form.images.length > most) {
      throw badRequest(`${upstream.name} takes at most ${most} images.`, {
        code: 'too_many_images',
        param: 'image',
      });
    }
    await this.#checkAll(form.images, lifetime.signal, listen);

    const outcome = await this.editing.edit({
      upstream,
      model,
      prompt: fields.prompt,
      n: fields.n,
      images: form.images,
      reuseSession: fields.reuse_session ?? upload.reuse_session,
      requestId: request.id,
      lifetime,
      listen,
    });
    return {
      created: Math.floor(Date.now() / 1_000),
      model,
      data: await this.results.present(outcome.result, fields.response_format, {
        base,
        signal: lifetime.signal,
      }),
      uploads: outcome.uploads.map(uploadView),
      attempts: outcome.attempts,
      duration_ms: Math.round(performance.now() - startedAt),
      ...(outcome.result.usage !== undefined && { usage: { ...outcome.result.usage } }),
    };
  }

  async #checkAll(images: readonly ReceivedImage[], signal: AbortSignal, listen: Listener): Promise<void> {
    const owner = {};
    const checks = images.map(async (image) => {
      await this.#check.check(image, owner, signal);
      listen({ event: 'image', data: { index: image.index, filename: image.filename, bytes: image.bytes } });
    });
    // All of them, so that none still reads a spool when the first refusal disposes of it.
    for (const checked of await Promise.allSettled(checks)) {
      if (checked.status === 'rejected') throw checked.reason;
    }
  }
}

/** Looked at before anything is paid for: a Host that is no host would make the answer fail at its very end. */
function linkBase(host: string): string {
  const base = `http://${host}`;
  if (URL.canParse(base)) return base;
  throw badRequest('The Host header is malformed.', { code: 'invalid_request' });
}
