import type { UploadResult } from '@ferry/core';
import type { EditResult } from '@ferry/providers';
import { Injectable } from '@nestjs/common';
import { FairLimiter, type LineState } from '../admission/fair-limiter.ts';
import { ProviderPlaces } from '../admission/provider-places.ts';
import type { Turn } from '../admission/turn.ts';
import { fromProviderFailure } from '../errors/upstream-words.ts';
import type { RequestLifetime } from '../http/request-lifetime.ts';
import type { Billing } from '../idempotency/repeatable-request.ts';
import type { PinnedCredential } from '../providers/pinned-credential.ts';
import { RuntimeSettings } from '../settings/runtime-settings.ts';
import { newCallId } from '../telemetry/call-id.ts';
import { type CallFacts, observeCall, wholePayload } from '../telemetry/observe-call.ts';
import { Telemetry } from '../telemetry/telemetry.ts';
import { callEvent, type Listener } from './progress.ts';
import type { ReceivedImage } from './received-form.ts';
import type { RequestUploads, UploadRoute } from './request-uploads.ts';

export interface Edit extends UploadRoute {
  readonly model: string;
  readonly prompt: string;
  readonly n: number;
  readonly images: readonly ReceivedImage[];
  readonly uploads: RequestUploads;
  readonly billing: Billing;
  readonly requestId: string;
  readonly turn: Turn;
  readonly lifetime: RequestLifetime;
  readonly listen: Listener;
}

export interface EditOutcome {
  readonly uploads: readonly UploadResult[];
  readonly result: EditResult;
  /** Attempts of the edit itself. */
  readonly attempts: number;
}

/** The images of a request to the upstream, as far as they are not there yet, and then the edit that names them. */
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
      const uploads = await edit.uploads.all(edit.images, edit);
      const credential = edit.uploads.credential(edit.upstream);
      return { uploads, ...(await this.#editOnce(edit, uploads, credential)) };
    } catch (error) {
      if (edit.lifetime.signal.aborted) throw error;
      throw fromProviderFailure(error, edit.upstream.provider) ?? error;
    }
  }

  async #editOnce(
    edit: Edit,
    uploads: readonly UploadResult[],
    credential: PinnedCredential,
  ): Promise<Omit<EditOutcome, 'uploads'>> {
    const { upstream, lifetime } = edit;
    using _place = await this.places.acquire(upstream.name, edit.turn, lifetime.signal);
    using _permit = await this.#edits.acquire(edit.turn, lifetime.signal);
    const request = upstream.provider.editRequest({
      model: edit.model,
      prompt: edit.prompt,
      n: edit.n,
      images: uploads,
      // In the answer itself: the upstream's links expire, and each would be one more request that can fail.
      responseFormat: 'b64_json',
    });
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
      signal: lifetime.signal,
    };
    const answer = await observeCall(this.telemetry, facts, (tell) =>
      upstream.client.request({
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
        logFields: { request_id: edit.requestId, edit_id: callId },
        onEvent: (event) => {
          tell(event);
          edit.listen({ event: 'edit', data: callEvent(event) });
        },
      }),
    );
    return { result: upstream.provider.parseEdit(answer), attempts: answer.attempts.length };
  }
}

/** Ten images of 2k in base64, generously. */
const MAX_EDIT_ANSWER_BYTES = 128 * 1024 * 1024;
