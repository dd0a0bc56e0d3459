import { Inject, Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Admission } from '../admission/admission.ts';
import { turnOf } from '../admission/turn-of.ts';
import { CONFIG } from '../config/config.module.ts';
import type { Config } from '../config/schema.ts';
import { RequestLifetime } from '../http/request-lifetime.ts';
import { Idempotency } from '../idempotency/idempotency.ts';
import type { RepeatableRequest } from '../idempotency/repeatable-request.ts';
import { ShutdownSignal } from '../lifecycle/shutdown-signal.ts';
import { whyItEnded } from './why-it-ended.ts';

/** What a request with images is served with while it is inside. */
export interface ImageRequest {
  readonly request: FastifyRequest;
  readonly lifetime: RequestLifetime;
  readonly repeatable: RepeatableRequest;
}

/** The way in for every request that brings images, whatever its endpoint. */
@Injectable()
export class ImageRequests {
  constructor(
    @Inject(CONFIG) private readonly config: Config,
    private readonly shutdown: ShutdownSignal,
    private readonly admission: Admission,
    private readonly idempotency: Idempotency,
  ) {}

  /**
   * Waits for a place, and serves the request with it until `work` has ended: within the deadline, while its caller listens.
   * @param endpoint names what is done, for repeats.
   * @throws what `work` throws, or why the request's time ended.
   */
  async serve<T>(
    request: FastifyRequest,
    reply: FastifyReply,
    endpoint: string,
    work: (inside: ImageRequest) => Promise<T>,
  ): Promise<T> {
    using _running = this.shutdown.enter();
    using lifetime = new RequestLifetime(reply.raw, this.config.server.deadline_ms, this.shutdown.signal);
    // Each request may fill the disk with as many images as it may hold: their number is limited before they are read.
    using _place = await this.admission.enter(turnOf(request), lifetime.signal);
    const repeatable = this.idempotency.of(request, endpoint);
    try {
      return await work({ request, lifetime, repeatable });
    } catch (error) {
      throw whyItEnded(error, lifetime.signal);
    }
  }
}
