import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { turnOf } from '../admission/turn-of.ts';
import { badRequest } from '../errors/gateway-error.ts';
import type { RequestLifetime } from '../http/request-lifetime.ts';
import { fingerprint } from '../idempotency/fingerprint.ts';
import type { RepeatableRequest } from '../idempotency/repeatable-request.ts';
import type { Serving } from '../providers/serving.ts';
import type { Upstream } from '../providers/upstream.ts';
import { Upstreams } from '../providers/upstreams.ts';
import { Telemetry } from '../telemetry/telemetry.ts';
import { maxFileBytes, spoolDirectory } from '../transport/client-settings.ts';
import { deliveryView, type Img2ImgAnswer } from './answer.ts';
import { Editing } from './editing.ts';
import { fieldsSoFar, parseFields } from './form-schema.ts';
import { slowClientLimits } from './growth-watch.ts';
import { ImageCheck } from './image-check.ts';
import { ImageChecks } from './image-checks.ts';
import type { Listener } from './progress.ts';
import { readForm } from './read-form.ts';
import { RequestUploads, type UploadRoute } from './request-uploads.ts';
import { ResultImages } from './result-images.ts';
import { UploadSlots } from './upload-slots.ts';

/** One request from its form to its answer. */
@Injectable()
export class Img2ImgService {
  readonly #check = new ImageCheck();

  constructor(
    private readonly upstreams: Upstreams,
    private readonly slots: UploadSlots,
    private readonly editing: Editing,
    private readonly results: ResultImages,
    private readonly telemetry: Telemetry,
  ) {}

  /**
   * Receives, checks, uploads, edits, stores. Large images are uploaded while they come in, and checked when they are whole;
   * the edit waits for all of it. Whatever happens, no upload and no spool outlives it.
   * @throws GatewayError and what `toGatewayError` knows.
   */
  async run(
    request: FastifyRequest,
    lifetime: RequestLifetime,
    repeatable: RepeatableRequest,
    listen: Listener,
  ): Promise<Img2ImgAnswer> {
    const startedAt = performance.now();
    // Settings that change meanwhile are for the next request; disposed of last, after all that uses its connections.
    using serving = this.upstreams.begin();
    const { config } = serving;
    const base = config.server.public_url ?? linkBase(request.host);
    await using spools = new AsyncDisposableStack();
    const { upload } = config;
    const turn = turnOf(request);
    await using uploads = new RequestUploads(this.slots, {
      requestId: request.id,
      turn,
      lifetime,
      listen,
      telemetry: this.telemetry,
      slowClient: slowClientLimits(config),
    });
    await using checks = new ImageChecks(this.#check, {
      turn,
      maxPixels: upload.max_image_megapixels * 1_000_000,
      signal: lifetime.signal,
      listen,
    });
    // While the form comes in there is time to open a connection: the first upload after a quiet time finds it ready.
    prepare(routeSoFar(serving, new Map()));
    const form = await readForm(
      request,
      {
        maxImages: upload.max_images,
        maxFileBytes: maxFileBytes(config),
        // UTF-8 needs at most 3 bytes for what counts as one character here (a UTF-16 unit).
        maxFieldBytes: Math.max(1_024, upload.max_prompt_chars * 3),
        spoolDirectory: spoolDirectory(config),
        signal: lifetime.signal,
        sha256: repeatable.recognisable,
      },
      spools,
      {
        onField: (fields) => uploads.keepOnly(routeSoFar(serving, fields)),
        onImage: (image, fields) =>
          void uploads.beginEarly(image, () => routeSoFar(serving, fields, image.index)),
        // The form will be refused for it, but its other parts are read first: what is wrong with them is told before.
        onWhole: (image) => void checks.begin(image).catch(() => uploads.refuse()),
      },
    );
    const fields = parseFields(form.fields, upload.max_prompt_chars);
    if (form.images.length === 0) {
      throw badRequest('The image is missing: send at least one field named image.', {
        code: 'missing_required_parameter',
        param: 'image',
      });
    }
    const { upstream, model } = serving.route(fields.model);
    const most = mostImages(serving, upstream);
    if (form.images.length > most) {
      throw badRequest(`${upstream.name} takes at most ${most} images.`, {
        code: 'too_many_images',
        param: 'image',
      });
    }
    const route = { upstream, reuseSession: fields.reuse_session ?? upload.reuse_session };
    uploads.formIsWhole(route);
    const once = {
      fingerprint: repeatable.recognisable ? fingerprint(fields, form.images) : '',
      signal: lifetime.signal,
      onJoin: () => uploads.keepOnly(undefined),
      onBilling: () => lifetime.outliveCaller(),
    };
    return await repeatable.once(once, async (billing) => {
      await checks.passed(form.images);
      const outcome = await this.editing.edit({
        ...route,
        model,
        prompt: fields.prompt,
        n: fields.n,
        images: form.images,
        uploads,
        billing,
        requestId: request.id,
        turn,
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
        uploads: outcome.deliveries.map(deliveryView),
        attempts: outcome.attempts,
        duration_ms: Math.round(performance.now() - startedAt),
        ...(outcome.result.usage !== undefined && { usage: { ...outcome.result.usage } }),
      };
    });
  }
}

/** Where an image goes by what has come of the form. Undefined when the form will be refused: that is told at its end. */
function routeSoFar(
  serving: Serving,
  fields: ReadonlyMap<string, string>,
  index = 0,
): UploadRoute | undefined {
  const { upload } = serving.config;
  const known = fieldsSoFar(fields, upload.max_prompt_chars);
  if (known === undefined) return undefined;
  try {
    const { upstream } = serving.route(known.model);
    return index < mostImages(serving, upstream)
      ? { upstream, reuseSession: known.reuse_session ?? upload.reuse_session }
      : undefined;
  } catch {
    return undefined;
  }
}

function prepare(route: UploadRoute | undefined): void {
  if (route === undefined) return;
  const { upstream, reuseSession } = route;
  upstream.client.prepare(upstream.provider.editsUrl, { reuseSession });
}

function mostImages({ config }: Serving, { provider }: Upstream): number {
  return Math.min(config.upload.max_images, provider.maxImages);
}

/** Looked at before anything is paid for: a Host that is no host would make the answer fail at its very end. */
function linkBase(host: string): string {
  const base = `http://${host}`;
  if (URL.canParse(base)) return base;
  throw badRequest('The Host header is malformed.', { code: 'invalid_request' });
}
