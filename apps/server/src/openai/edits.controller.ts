import { Controller, Post, Req, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { DescribeEdits } from '../docs/describe-edits.ts';
import { errorBody } from '../errors/error-body.ts';
import { badRequest } from '../errors/gateway-error.ts';
import { toGatewayError } from '../errors/to-gateway-error.ts';
import { ReadsJson } from '../http/json-body.ts';
import { REPLAYED } from '../idempotency/outcome.ts';
import type { EditFormOf } from '../img2img/edit-form.ts';
import { ImageEdits } from '../img2img/image-edits.ts';
import { type ImageRequest, ImageRequests } from '../img2img/image-requests.ts';
import { whyItEnded } from '../img2img/why-it-ended.ts';
import { editAnswer } from './edit-answer.ts';
import { completedEvents, type EditEvent } from './edit-events.ts';
import { jsonEdit, multipartEdit } from './edit-form.ts';
import { LateStream } from './late-stream.ts';

@ApiTags('openai')
@Controller('v1/images')
export class EditsController {
  constructor(
    private readonly requests: ImageRequests,
    private readonly edits: ImageEdits,
  ) {}

  @Post('edits')
  @ReadsJson()
  @DescribeEdits()
  async edit(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const form = formOf(request);
    await this.requests.serve(request, reply, 'images.edits', (inside) => this.#answer(inside, form, reply));
  }

  async #answer(inside: ImageRequest, form: EditFormOf, reply: FastifyReply): Promise<void> {
    const { request, lifetime, repeatable } = inside;
    using streams = new DisposableStack();
    let stream: LateStream<EditEvent> | undefined;
    let quality: string | undefined;
    try {
      const answer = await this.edits.run(inside, form, {
        onAccepted: (asked) => {
          quality = asked.options?.quality;
          if (asked.stream === true) stream = streams.use(new LateStream<EditEvent>(reply));
        },
      });
      if (repeatable.replayed && stream?.isOpen !== true) void reply.headers(REPLAYED);
      if (stream === undefined) void reply.code(200).send(editAnswer(answer));
      else for (const event of await completedEvents(answer, quality)) stream.send(event);
    } catch (error) {
      if (stream?.isOpen !== true) throw error;
      const failure = toGatewayError(whyItEnded(error, lifetime.signal));
      if (failure.fields.status === 500)
        request.log.error({ err: failure.fields.cause ?? failure }, failure.message);
      stream.send({ event: 'error', data: errorBody(failure) });
    }
  }
}

/** @throws GatewayError 415. */
function formOf(request: FastifyRequest): EditFormOf {
  if (request.isMultipart()) return multipartEdit;
  if (request.mediaType === 'application/json') return jsonEdit;
  throw badRequest('Send multipart/form-data or application/json.', {
    status: 415,
    code: 'unsupported_media_type',
  });
}
