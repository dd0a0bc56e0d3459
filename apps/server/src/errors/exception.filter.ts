import { type ArgumentsHost, Catch, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { dropRest } from '../http/drop-rest.ts';
import { isOver, isStillSending, lingering } from '../http/linger.ts';
import { errorBody, errorHeaders } from './error-body.ts';
import { toGatewayError } from './to-gateway-error.ts';

/** What is taken of a request that nobody reads, before its connection is cut. */
const MAX_DROPPED_BYTES = 64 * 1024 * 1024;

/** The one place where errors become answers. */
@Catch()
export class GatewayExceptionFilter implements ExceptionFilter {
  catch(thrown: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    sendError(thrown, http.getRequest<FastifyRequest>(), http.getResponse<FastifyReply>());
  }
}

export function sendError(thrown: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const error = toGatewayError(thrown);
  // A stack only for what nobody foresaw.
  if (error.fields.status === 500) request.log.error({ err: error.cause ?? error }, error.message);
  if (reply.sent || reply.raw.headersSent) {
    reply.raw.destroy();
    return;
  }
  void reply.code(error.fields.status).headers(errorHeaders(error));
  if (!isStillSending(request.raw)) {
    // A client that was not told to go on sends nothing more, or all of it: nobody can know where its next request begins.
    if (!isOver(request.raw)) reply.header('connection', 'close');
    void reply.send(errorBody(error));
    return;
  }
  // It has been refused before anybody read it, or in the middle.
  if (!request.raw.readableFlowing) dropRest(request.raw, MAX_DROPPED_BYTES);
  const body = Buffer.from(JSON.stringify(errorBody(error)));
  void reply
    .header('content-type', 'application/json; charset=utf-8')
    .header('content-length', body.byteLength)
    .send(lingering(request.raw, body));
}
