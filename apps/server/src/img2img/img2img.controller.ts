import { RequestFailure } from '@ferry/core';
import { Controller, Inject, Post, Req, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Admission } from '../admission/admission.ts';
import { turnOf } from '../admission/turn-of.ts';
import { CONFIG } from '../config/config.module.ts';
import type { Config } from '../config/schema.ts';
import { DescribeImg2Img } from '../docs/describe-img2img.ts';
import { errorBody } from '../errors/error-body.ts';
import { fromRequestFailure } from '../errors/from-request-failure.ts';
import { badRequest, GatewayError } from '../errors/gateway-error.ts';
import { toGatewayError } from '../errors/to-gateway-error.ts';
import { EventStream, wantsEvents } from '../http/event-stream.ts';
import { RequestLifetime } from '../http/request-lifetime.ts';
import { Idempotency } from '../idempotency/idempotency.ts';
import { REPLAYED } from '../idempotency/outcome.ts';
import type { RepeatableRequest } from '../idempotency/repeatable-request.ts';
import { ShutdownSignal } from '../lifecycle/shutdown-signal.ts';
import { Img2ImgService } from './img2img.service.ts';
import type { ProgressEvent } from './progress.ts';

@ApiTags('images')
@Controller('api/v1/admin')
export class Img2ImgController {
  constructor(
    @Inject(CONFIG) private readonly config: Config,
    private readonly shutdown: ShutdownSignal,
    private readonly admission: Admission,
    private readonly service: Img2ImgService,
    private readonly idempotency: Idempotency,
  ) {}

  @Post('img2img')
  @DescribeImg2Img()
  async img2img(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    using _running = this.shutdown.enter();
    using lifetime = new RequestLifetime(reply.raw, this.config.server.deadline_ms, this.shutdown.signal);
    // Each request may fill the disk with as many images as it may hold: their number is limited before they are read.
    using _place = await this.admission.enter(turnOf(request), lifetime.signal);
    const repeatable = this.idempotency.of(request, 'img2img');
    if (wantsEvents(request.headers.accept)) return await this.#stream(request, reply, lifetime, repeatable);
    try {
      const answer = await this.service.run(request, lifetime, repeatable, () => undefined);
      if (repeatable.replayed) void reply.headers(REPLAYED);
      // Not awaited: a caller that reads slowly holds its socket, nothing else.
      void reply.code(200).send(answer);
    } catch (error) {
      throw whyItEnded(error, lifetime.signal);
    }
  }

  /** Answers with events. What can be told from the headers alone still gets its own status. */
  async #stream(
    request: FastifyRequest,
    reply: FastifyReply,
    lifetime: RequestLifetime,
    repeatable: RepeatableRequest,
  ): Promise<void> {
    if (!request.isMultipart()) {
      throw badRequest('Send the form as multipart/form-data.', {
        status: 415,
        code: 'unsupported_media_type',
      });
    }
    // Byte counts are overtaken by the next one anyway.
    using events = new EventStream<ProgressEvent>(reply, {
      mayMiss: ({ data }) => 'type' in data && data.type === 'bytes_sent',
    });
    events.send({ event: 'accepted', data: { request_id: request.id } });
    try {
      const answer = await this.service.run(request, lifetime, repeatable, (event) => events.send(event));
      // The headers are out already.
      if (repeatable.replayed) events.send({ event: 'replayed', data: {} });
      events.send({ event: 'result', data: answer });
    } catch (error) {
      const failure = toGatewayError(whyItEnded(error, lifetime.signal));
      if (repeatable.replayed) events.send({ event: 'replayed', data: {} });
      if (failure.fields.status === 500)
        request.log.error({ err: failure.fields.cause ?? failure }, failure.message);
      events.send({ event: 'failed', data: { status: failure.fields.status, ...errorBody(failure) } });
    }
  }
}

/** When the request's own time ended, that is the reason, whatever it broke; with what had been tried until then. */
function whyItEnded(error: unknown, signal: AbortSignal): unknown {
  if (!signal.aborted || !(signal.reason instanceof GatewayError)) return error;
  const { message, fields } = signal.reason;
  if (!RequestFailure.is(error)) return signal.reason;
  const { attempts, shouldRetry } = fromRequestFailure(error).fields;
  return new GatewayError(message, {
    ...fields,
    ...(attempts !== undefined && { attempts }),
    ...(shouldRetry !== undefined && { shouldRetry }),
    cause: error,
  });
}
