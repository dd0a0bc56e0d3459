import type { Spool, UploadResult } from '@ferry/core';
import type { Turn } from '../admission/turn.ts';
import type { RequestLifetime } from '../http/request-lifetime.ts';
import { PinnedCredential } from '../providers/pinned-credential.ts';
import type { FileIdUpstream, Upstream } from '../providers/upstream.ts';
import { newCallId } from '../telemetry/call-id.ts';
import { type CallFacts, observeCall } from '../telemetry/observe-call.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import { EarlyUpload } from './early-upload.ts';
import type { SlowClientLimits } from './growth-watch.ts';
import { callEvent, type Listener, uploadedEvent } from './progress.ts';
import type { GrowingImage, ReceivedImage } from './received-form.ts';
import { together } from './together.ts';
import type { UploadSlots } from './upload-slots.ts';

/**
 * An image that stays below this is uploaded when its form is whole. Sending it earlier would save less than one round
 * trip, and would send what a field that comes later may refuse. It is also what a spool keeps in memory.
 */
const EARLY_BYTES = 256 * 1024;

/** Where a request's images go. */
export interface UploadRoute {
  readonly upstream: Upstream;
  readonly reuseSession: boolean;
}

/** Where images are uploaded. */
export interface FileIdRoute extends UploadRoute {
  readonly upstream: FileIdUpstream;
}

export interface RequestContext {
  readonly requestId: string;
  readonly turn: Turn;
  readonly lifetime: RequestLifetime;
  readonly listen: Listener;
  readonly telemetry: Telemetry;
  readonly slowClient: SlowClientLimits;
}

interface Early {
  readonly route: FileIdRoute;
  readonly upload: EarlyUpload;
}

/**
 * The uploads of one request: those that begin while their image still comes in, and all the others when the form is
 * whole. Dispose of it before the spools: nothing reads a spool after that, and no place is held.
 */
export class RequestUploads implements AsyncDisposable {
  readonly #slots: UploadSlots;
  readonly #context: RequestContext;
  readonly #credentials = new Map<Upstream, PinnedCredential>();
  readonly #early = new Map<Spool, Early>();
  readonly #ending = new Set<Promise<void>>();
  #beginsNone = false;

  constructor(slots: UploadSlots, context: RequestContext) {
    this.#slots = slots;
    this.#context = context;
  }

  /** One key for all uploads to an upstream and the edit that names them. */
  credential(upstream: Upstream): PinnedCredential {
    const known = this.#credentials.get(upstream);
    if (known !== undefined) return known;
    const credential = new PinnedCredential(upstream.credentials);
    this.#credentials.set(upstream, credential);
    return credential;
  }

  /** From now on no key but this one: files that the edit names belong to it. What went with another goes again. */
  pin(upstream: Upstream, alias: string): void {
    this.#credentials.set(upstream, new PinnedCredential(upstream.credentials.only(alias), alias));
  }

  /** Uploads an image while it comes in, if it is large, there is a place, and `route` then says where it goes. */
  async beginEarly(image: GrowingImage, route: () => UploadRoute | undefined): Promise<void> {
    if (!(await growsTo(image.spool, EARLY_BYTES)) || this.#beginsNone) return;
    const to = uploading(route());
    const slot = to === undefined ? undefined : this.#slots.tryGrowing(to, this.#context.turn);
    if (to === undefined || slot === undefined) return;
    const { lifetime, slowClient } = this.#context;
    const upload = new EarlyUpload(image, slot, slowClient, (signal) =>
      this.#send(image, to, AbortSignal.any([signal, lifetime.signal]), signal),
    );
    this.#early.set(image.spool, { route: to, upload });
  }

  /** Stops what goes another way than this; undefined stops everything. */
  keepOnly(route: UploadRoute | undefined): void {
    for (const [spool, early] of this.#early) {
      if (route !== undefined && isSame(early.route, route)) continue;
      this.#early.delete(spool);
      const ending = early.upload.cancel(new Error('the upload is of no use'));
      this.#ending.add(ending);
      void ending.then(() => this.#ending.delete(ending));
    }
  }

  /** The form will be refused: nothing goes any more. */
  refuse(): void {
    this.#beginsNone = true;
    this.keepOnly(undefined);
  }

  /** From now on images go only when all of them do. */
  formIsWhole(route: UploadRoute): void {
    this.#beginsNone = true;
    this.keepOnly(route);
  }

  /**
   * Uploads what has not been yet, all at once. The files belong to one key.
   * @throws RequestFailure, and what else an upload throws; nothing runs any more then.
   */
  async all(images: readonly ReceivedImage[], route: FileIdRoute): Promise<UploadResult[]> {
    const credential = this.credential(route.upstream);
    const { signal } = this.#context.lifetime;
    let done = new Map<ReceivedImage, UploadResult>();
    for (;;) {
      const uploads = await together(images, signal, async (image, signal) => {
        const earlier = done.get(image) ?? (await this.#earlier(image, signal));
        return earlier !== undefined && earlier.credential === credential.alias
          ? earlier
          : await this.#uploadWhole(image, route, signal);
      });
      // A key that was refused half-way has left files that the next key cannot name. Keys only move on, so this ends.
      if (uploads.every((upload) => upload.credential === credential.alias)) return uploads;
      done = new Map(images.flatMap((image, i) => (uploads[i] === undefined ? [] : [[image, uploads[i]]])));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.refuse();
    await Promise.all(this.#ending);
  }

  async #earlier({ spool }: ReceivedImage, signal: AbortSignal): Promise<UploadResult | undefined> {
    const early = this.#early.get(spool);
    const result = await early?.upload.outcome(signal);
    this.#early.delete(spool);
    return result;
  }

  async #uploadWhole(image: ReceivedImage, route: FileIdRoute, signal: AbortSignal): Promise<UploadResult> {
    using _place = await this.#slots.acquire(route, this.#context.turn, signal);
    return await this.#send(image, route, signal);
  }

  /** Nobody hears of it any more once `stopped` aborts: the image may be on its way again. */
  async #send(
    image: GrowingImage,
    route: FileIdRoute,
    signal: AbortSignal,
    stopped?: AbortSignal,
  ): Promise<UploadResult> {
    const { index, filename, spool, type } = image;
    const { lifetime, requestId, listen, telemetry } = this.#context;
    const { upstream, reuseSession } = route;
    const callId = newCallId('upload');
    const facts: CallFacts = {
      callId,
      operation: 'upload',
      requestId,
      provider: upstream.name,
      origin: upstream.provider.uploadEndpoint().url.origin,
      filename,
      use: reuseSession ? 'shared' : 'isolated',
      payload: spool,
      signal,
    };
    const result = await observeCall(telemetry, facts, (tell) =>
      upstream.uploads.upload({ spool, filename, contentType: type.mediaType }, this.credential(upstream), {
        reuseSession,
        signal,
        deadlineMs: lifetime.remainingMs(),
        logFields: { request_id: requestId, upload_id: callId },
        onEvent: (event) => {
          tell(event);
          if (stopped?.aborted) return;
          listen({ event: 'upload', data: { index, filename, ...callEvent(event) } });
        },
      }),
    );
    // An upstream that answers without waiting for the end has half an image.
    if (spool.byteLength === undefined) throw new Error('the answer came before the image was whole');
    listen({ event: 'upload', data: { index, filename, ...uploadedEvent(result) } });
    return result;
  }
}

/** The route, if anything is uploaded on it: what travels inside an edit waits until it is whole and checked. */
function uploading(route: UploadRoute | undefined): FileIdRoute | undefined {
  if (route?.upstream.delivery !== 'by-file-id') return undefined;
  return { upstream: route.upstream, reuseSession: route.reuseSession };
}

const isSame = (a: UploadRoute, b: UploadRoute): boolean =>
  a.upstream === b.upstream && a.reuseSession === b.reuseSession;

/** Waits until a spool holds so many bytes; false when it ends, or fails, below that. */
async function growsTo(spool: Spool, bytes: number): Promise<boolean> {
  try {
    for await (const _ of spool.read()) if (spool.storedBytes >= bytes) return true;
  } catch {
    // Whoever fills the spool tells why.
  }
  return false;
}
