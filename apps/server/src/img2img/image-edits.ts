import { DEFAULT_RETRY_POLICY } from '@ferry/core';
import type { EditInput, Provider, RequestedOptions } from '@ferry/providers';
import { Injectable } from '@nestjs/common';
import { identityOf } from '../auth/identity.ts';
import { badRequest } from '../errors/gateway-error.ts';
import { fromProviderFailure } from '../errors/upstream-words.ts';
import type { UploadedFile } from '../files/uploaded-file.ts';
import { UploadedFiles } from '../files/uploaded-files.ts';
import { fingerprint } from '../idempotency/fingerprint.ts';
import { retryPolicy } from '../transport/client-settings.ts';
import { deliveryView, type Img2ImgAnswer } from './answer.ts';
import type { EditFormOf, RequestedEdit } from './edit-form.ts';
import { Editing } from './editing.ts';
import { ImageIntakes } from './image-intake.ts';
import type { ImageRequest } from './image-requests.ts';
import type { Listener } from './progress.ts';
import { ResultImages } from './result-images.ts';

export interface EditListeners {
  readonly listen?: Listener;
  /** The request has been read and asks for this: what can be known before anything is done for it is right. */
  readonly onAccepted?: (asked: RequestedEdit) => void;
}

/** One edit from its request to its answer. */
@Injectable()
export class ImageEdits {
  constructor(
    private readonly intakes: ImageIntakes,
    private readonly files: UploadedFiles,
    private readonly editing: Editing,
    private readonly results: ResultImages,
  ) {}

  /**
   * Receives, checks, uploads, edits, stores. The edit waits for all checks and uploads. Whatever happens, no upload and no
   * spool outlives it.
   * @throws GatewayError and what `toGatewayError` knows.
   */
  async run(
    inside: ImageRequest,
    formOf: EditFormOf,
    { listen = () => undefined, onAccepted }: EditListeners = {},
  ): Promise<Img2ImgAnswer> {
    const startedAt = performance.now();
    const { request, lifetime, repeatable } = inside;
    await using intake = this.intakes.open(inside, listen);
    const { uploads, checks, turn, config } = intake;
    const base = config.server.public_url ?? linkBase(request.host);
    const form = formOf(config);
    const received = await intake.receive(form);
    const { images } = received;
    const asked = form.parse(received.fields);
    const count = images.length + received.files.length;
    if (count === 0) throw imageMissing(form.imageField);
    const { model, ...route } = intake.route(asked, count, form.imageField);
    const { upstream } = route;
    const options = optionsOf(upstream.provider, asked.options);
    const files = await this.files.named(received.files, identityOf(request), upstream);
    const owner = files[0]?.credential;
    if (owner !== undefined) uploads.pin(upstream, owner);
    uploads.formIsWhole(route);
    onAccepted?.(asked);
    const once = {
      fingerprint: repeatable.recognisable ? fingerprint({ ...asked, files: placed(files) }, images) : '',
      signal: lifetime.signal,
      onJoin: () => uploads.keepOnly(undefined),
      onBilling: () => lifetime.outliveCaller(),
    };
    return await repeatable.once(once, async (billing) => {
      await checks.passed(images);
      const outcome = await this.editing.edit({
        ...route,
        model,
        prompt: asked.prompt,
        n: asked.n,
        ...(options !== undefined && { options }),
        images,
        files,
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
        data: await this.results.present(outcome.result, asked.response_format, {
          base,
          lifetime,
          policy: { ...DEFAULT_RETRY_POLICY, ...retryPolicy(config) },
          turn,
          output: asked.output,
        }),
        uploads: outcome.deliveries.map(deliveryView),
        attempts: outcome.attempts,
        duration_ms: Math.round(performance.now() - startedAt),
        ...(outcome.result.usage !== undefined && { usage: { ...outcome.result.usage } }),
      };
    });
  }
}

function imageMissing(field: string): Error {
  return badRequest(`The image is missing: send at least one field named ${field}.`, {
    code: 'missing_required_parameter',
    param: field,
  });
}

/** @throws GatewayError 400 that names what the upstream cannot do. */
function optionsOf(provider: Provider, wishes: RequestedOptions | undefined): EditInput['options'] {
  if (wishes === undefined) return undefined;
  try {
    return provider.optionsFor(wishes);
  } catch (error) {
    throw fromProviderFailure(error, provider) ?? error;
  }
}

/** Which file stands where, for the digest of what is asked for. */
const placed = (files: readonly UploadedFile[]): unknown =>
  files.length === 0 ? undefined : files.map(({ id, index }) => [index, id]);

/** Looked at before anything is paid for: a Host that is no host would make the answer fail at its very end. */
function linkBase(host: string): string {
  const base = `http://${host}`;
  if (URL.canParse(base)) return base;
  throw badRequest('The Host header is malformed.', { code: 'invalid_request' });
}
