import type { EditInput, EditResult } from '@ferry/providers';
import { Injectable } from '@nestjs/common';
import { FairLimiter, type LineState } from '../admission/fair-limiter.ts';
import { ProviderPlaces } from '../admission/provider-places.ts';
import type { Turn } from '../admission/turn.ts';
import { fromProviderFailure } from '../errors/upstream-words.ts';
import { fileGone } from '../files/file-errors.ts';
import type { RequestLifetime } from '../http/request-lifetime.ts';
import type { Billing } from '../idempotency/repeatable-request.ts';
import { RuntimeSettings } from '../settings/runtime-settings.ts';
import { newCallId } from '../telemetry/call-id.ts';
import { type CallFacts, observeCall, wholePayload } from '../telemetry/observe-call.ts';
import { Telemetry } from '../telemetry/telemetry.ts';
import type { DeliveredImage } from './delivered-image.ts';
import { callEvent, type Listener } from './progress.ts';
import { type EditImages, type ReadyEdit, readyEdit } from './ready-edit.ts';
import type { ReceivedImage } from './received-form.ts';

export interface Edit extends EditImages {
  readonly model: string;
  readonly prompt: string;
  readonly n: number;
  /** What the provider made of the caller's further wishes. */
  readonly options?: EditInput['options'];
  readonly billing: Billing;
  readonly requestId: string;
  readonly turn: Turn;
  readonly lifetime: RequestLifetime;
  readonly listen: Listener;
}

export interface EditOutcome {
  /** One for each image, in their order. */
  readonly deliveries: readonly DeliveredImage[];
  readonly result: EditResult;
  /** Attempts of the edit itself. */
  readonly attempts: number;
}

/** The images of a request to the upstream, as far as they are not there yet, and the edit that names or holds them. */
@Injectable()
export class Editing {
  /** Uploads and edits are counted apart: an edit takes long, and must not keep uploads from arriving. */
  readonly #edits: FairLimiter;

  constructor(
    settings: RuntimeSettings,
    private readonly telemetry: Telemetry,
    private readonly places: ProviderPlaces,
  ) {
    this.#edits = new FairLimiter(settings.current.upload.concurrency);
    settings.onChange(({ after }) => this.#edits.resize(after.upload.concurrency));
  }

  /** What is edited and what waits, for people to look at. */
  get state(): LineState {
    return this.#edits.state;
  }

  /** @throws GatewayError; RequestFailure when the caller's lifetime ended. */
  async edit(edit: Edit): Promise<EditOutcome> {
    try {
      const ready = await readyEdit(edit, {
        model: edit.model,
        prompt: edit.prompt,
        n: edit.n,
        ...(edit.options !== undefined && { options: edit.options }),
        // In the answer itself: the upstream's links expire, and each would be one more request that can fail.
        responseFormat: 'b64_json',
      });
      return await this.#editOnce(edit, ready);
    } catch (error) {
      if (edit.lifetime.signal.aborted) throw error;
      throw fileGone(error, edit.files) ?? fromProviderFailure(error, edit.upstream.provider) ?? error;
    }
  }

  async #editOnce(edit: Edit, { request, credential, inside, deliveries }: ReadyEdit): Promise<EditOutcome> {
    const { upstream, lifetime } = edit;
    using _place = await this.places.acquire(upstream.name, edit.turn, lifetime.signal);
    using _permit = await this.#edits.acquire(edit.turn, lifetime.signal);
    await edit.billing.mayBegin();
    const deadlineMs = lifetime.remainingMs();
    const callId = newCallId('edit');
    const facts: CallFacts = {
      callId,
      operation: 'edit',
      requestId: edit.requestId,
      provider: upstream.name,
      origin: request.url.origin,
      model: edit.model,
      use: edit.reuseSession ? 'shared' : 'isolated',
      payload: wholePayload(request.body.byteLength ?? 0),
      ...(inside.length > 0 && { images: { count: inside.length, bytes: bytesOf(inside) } }),
      signal: lifetime.signal,
    };
    for (const { index, filename, bytes } of inside) {
      edit.listen({ event: 'upload', data: { index, filename, type: 'inside_edit', bytes } });
    }
    const answer = await observeCall(this.telemetry, facts, (tell) =>
      upstream.client.request({
        ...request,
        safety: 'billable',
        label: 'edit',
        reuseSession: edit.reuseSession,
        credential,
        signal: lifetime.signal,
        deadlineMs,
        // Making an image takes minutes: only the request's own deadline ends the wait for it.
        limits: { headersMs: deadlineMs, totalMs: deadlineMs },
        maxResponseBytes: MAX_EDIT_ANSWER_BYTES,
        logFields: { request_id: edit.requestId, edit_id: callId },
        onEvent: (event) => {
          tell(event);
          edit.listen({ event: 'edit', data: callEvent(event) });
        },
      }),
    );
    return {
      deliveries: deliveries(answer),
      result: upstream.provider.parseEdit(answer),
      attempts: answer.attempts.length,
    };
  }
}

const bytesOf = (images: readonly ReceivedImage[]): number =>
  images.reduce((sum, { bytes }) => sum + bytes, 0);

/** Ten images of 2k in base64, generously. */
const MAX_EDIT_ANSWER_BYTES = 128 * 1024 * 1024;
