import { Controller, Post, Req, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { DescribeImg2Img } from '../docs/describe-img2img.ts';
import { errorBody } from '../errors/error-body.ts';
import { badRequest } from '../errors/gateway-error.ts';
import { toGatewayError } from '../errors/to-gateway-error.ts';
import { EventStream, wantsEvents } from '../http/event-stream.ts';
import { REPLAYED } from '../idempotency/outcome.ts';
import { ImageEdits } from './image-edits.ts';
import { type ImageRequest, ImageRequests } from './image-requests.ts';
import { img2imgForm } from './img2img-form.ts';
import type { ProgressEvent } from './progress.ts';
import { whyItEnded } from './why-it-ended.ts';

@ApiTags('images')
@Controller('api/v1/admin')
export class Img2ImgController {
  constructor(
    private readonly requests: ImageRequests,
    private readonly edits: ImageEdits,
  ) {}

  @Post('img2img')
  @DescribeImg2Img()
  async img2img(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    await this.requests.serve(request, reply, 'img2img', async (inside) => {
      if (wantsEvents(request.headers.accept)) return await this.#stream(inside, reply);
      const answer = await this.edits.run(inside, img2imgForm);
      if (inside.repeatable.replayed) void reply.headers(REPLAYED);
      // Not awaited: a caller that reads slowly holds its socket, nothing else.
      void reply.code(200).send(answer);
    });
  }

  /** Answers with events. What can be told from the headers alone still gets its own status. */
  async #stream(inside: ImageRequest, reply: FastifyReply): Promise<void> {
    const { request, lifetime, repeatable } = inside;
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
      const answer = await this.edits.run(inside, img2imgForm, { listen: (event) => events.send(event) });
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
