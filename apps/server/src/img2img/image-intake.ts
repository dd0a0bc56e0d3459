import { MemoryBudget } from '@ferry/core';
import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { Turn } from '../admission/turn.ts';
import { turnOf } from '../admission/turn-of.ts';
import type { Config } from '../config/schema.ts';
import { badRequest } from '../errors/gateway-error.ts';
import type { Serving } from '../providers/serving.ts';
import type { Upstream } from '../providers/upstream.ts';
import { Upstreams } from '../providers/upstreams.ts';
import { Telemetry } from '../telemetry/telemetry.ts';
import { maxFileBytes, spoolDirectory } from '../transport/client-settings.ts';
import { slowClientLimits } from './growth-watch.ts';
import { ImageCheck } from './image-check.ts';
import { ImageChecks } from './image-checks.ts';
import type { ImageRequest } from './image-requests.ts';
import { prepareFor } from './prepare-for.ts';
import type { Listener } from './progress.ts';
import type { FormLimits, FormListener, ReceivedForm } from './received-form.ts';
import { RequestUploads, type UploadRoute } from './request-uploads.ts';
import type { RequestedRoute } from './requested-route.ts';
import { UploadSlots } from './upload-slots.ts';

const MIB = 1024 * 1024;
/** What is larger goes to the disk, so that a few large images do not take the memory of many small ones. */
const MAX_SHARE_BYTES = 2 * MIB;

const spoolBudget = (megabytes: number): MemoryBudget =>
  new MemoryBudget({ bytes: megabytes * MIB, spoolBytes: MAX_SHARE_BYTES });

/** How the images of a request are read, and what its fields say about where they go. */
export interface IntakeForm<Form extends ReceivedForm = ReceivedForm> {
  /** Reads the whole request. See `readForm` for what it owes its arguments. */
  read(
    request: FastifyRequest,
    limits: FormLimits,
    spools: AsyncDisposableStack,
    listener: FormListener,
  ): Promise<Form>;
  /** Where images go by what has come; undefined when what has come is refused anyway, so that nothing need begin. */
  soFar(fields: ReadonlyMap<string, string>): RequestedRoute | undefined;
}

/** What comes in with requests: received, checked, uploaded. */
@Injectable()
export class ImageIntakes {
  readonly #check = new ImageCheck();
  #budget = spoolBudget(0);

  constructor(
    private readonly upstreams: Upstreams,
    private readonly slots: UploadSlots,
    private readonly telemetry: Telemetry,
  ) {}

  /** For one request. The caller disposes of it at the request's end: no upload and no spool outlives it. */
  open(inside: ImageRequest, listen: Listener): ImageIntake {
    // Settings that change meanwhile are for the next request.
    const serving = this.upstreams.begin();
    const { request, lifetime } = inside;
    const { config } = serving;
    const megabytes = config.upload.spool_memory_mb;
    // Who has memory of the former one gives it back to that.
    if (this.#budget.bytes !== megabytes * MIB) this.#budget = spoolBudget(megabytes);
    const turn = turnOf(request);
    const uploads = new RequestUploads(this.slots, {
      requestId: request.id,
      turn,
      lifetime,
      listen,
      telemetry: this.telemetry,
      slowClient: slowClientLimits(config),
    });
    const checks = new ImageChecks(this.#check, {
      turn,
      decodeAll: config.upload.decode_images,
      maxPixels: config.upload.max_image_megapixels * 1_000_000,
      signal: lifetime.signal,
      listen,
    });
    return new ImageIntake(inside, { serving, turn, uploads, checks, budget: this.#budget });
  }
}

interface IntakeParts {
  readonly serving: Serving;
  readonly turn: Turn;
  readonly uploads: RequestUploads;
  readonly checks: ImageChecks;
  readonly budget: MemoryBudget;
}

/** The images of one request on their way in and up. Large ones are uploaded while they come in, and checked when they are whole. */
export class ImageIntake implements AsyncDisposable {
  readonly serving: Serving;
  readonly turn: Turn;
  readonly uploads: RequestUploads;
  readonly checks: ImageChecks;
  readonly #inside: ImageRequest;
  readonly #budget: MemoryBudget;
  readonly #spools = new AsyncDisposableStack();
  readonly #held = new AsyncDisposableStack();

  constructor(inside: ImageRequest, { serving, turn, uploads, checks, budget }: IntakeParts) {
    this.#inside = inside;
    this.#budget = budget;
    this.turn = turn;
    // Disposed of in the opposite order: the connections last, after all that uses them.
    this.serving = this.#held.use(serving);
    this.#held.use(this.#spools);
    this.uploads = this.#held.use(uploads);
    this.checks = this.#held.use(checks);
  }

  get config(): Config {
    return this.serving.config;
  }

  /** @throws GatewayError 400, 413, 415, or the signal's reason. */
  async receive<Form extends ReceivedForm>(form: IntakeForm<Form>): Promise<Form> {
    const { serving, uploads, checks, config } = this;
    const { request, lifetime, repeatable } = this.#inside;
    const { upload } = config;
    const routeSoFar = (fields: ReadonlyMap<string, string>, index = 0) =>
      possibleRoute(serving, form.soFar(fields), index);
    // While the form comes in there is time to open a connection: the first upload after a quiet time finds it ready.
    prepareFor(routeSoFar(new Map()));
    return await form.read(
      request,
      {
        maxImages: upload.max_images,
        maxFileBytes: maxFileBytes(config),
        // UTF-8 needs at most 3 bytes for what counts as one character here (a UTF-16 unit).
        maxFieldBytes: Math.max(1_024, upload.max_prompt_chars * 3),
        spool: { directory: spoolDirectory(config), budget: this.#budget },
        signal: lifetime.signal,
        sha256: repeatable.recognisable,
      },
      this.#spools,
      {
        onField: (fields) => uploads.keepOnly(routeSoFar(fields)),
        onImage: (image, fields) => void uploads.beginEarly(image, () => routeSoFar(fields, image.index)),
        // The form will be refused for it, but its other parts are read first: what is wrong with them is told before.
        onWhole: (image) => void checks.begin(image).catch(() => uploads.refuse()),
      },
    );
  }

  /**
   * The form is whole: where its images go, and what goes another way already is stopped.
   * @throws GatewayError 400 for an unknown model or more images than the upstream takes; 503 while it is away.
   */
  route(asked: RequestedRoute, images: number, param: string): UploadRoute & { readonly model: string } {
    const { upstream, model } = this.serving.route(asked.model);
    const most = mostImages(this.serving, upstream);
    if (images > most) {
      throw badRequest(`${upstream.name} takes at most ${most} images.`, { code: 'too_many_images', param });
    }
    return { upstream, model, reuseSession: asked.reuse_session ?? this.config.upload.reuse_session };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#held.disposeAsync();
  }
}

/** Undefined when the form will be refused: that is told at its end. */
function possibleRoute(
  serving: Serving,
  asked: RequestedRoute | undefined,
  index: number,
): UploadRoute | undefined {
  if (asked === undefined) return undefined;
  try {
    const { upstream } = serving.route(asked.model);
    return index < mostImages(serving, upstream)
      ? { upstream, reuseSession: asked.reuse_session ?? serving.config.upload.reuse_session }
      : undefined;
  } catch {
    return undefined;
  }
}

function mostImages({ config }: Serving, { provider }: Upstream): number {
  return Math.min(config.upload.max_images, provider.maxImages);
}
