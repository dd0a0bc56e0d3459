import { type ArgumentsHost, Catch, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { errorBody, errorHeaders } from './error-body.ts';
import { toGatewayError } from './to-gateway-error.ts';

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
  void reply.code(error.fields.status).headers(errorHeaders(error)).send(errorBody(error));
}
