import { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { errorBody } from '../errors/error-body.ts';
import { badRequest, type GatewayError } from '../errors/gateway-error.ts';
import { newRequestId } from './request-id.ts';

/** Answers what Node's parser refused before there was a request: the same shape, on the bare socket. */
export function answerClientError(error: NodeJS.ErrnoException, socket: Socket): void {
  // The caller is gone, or an answer is already on its way and ours would be read as a part of it.
  if (error.code === 'ECONNRESET' || !socket.writable || answerBegun(socket)) {
    socket.destroy();
    return;
  }
  const refusal = refusalOf(error.code);
  const body = JSON.stringify(errorBody(refusal));
  const { status } = refusal.fields;
  socket.end(
    [
      `HTTP/1.1 ${status} ${REASONS[status] ?? 'Bad Request'}`,
      'content-type: application/json; charset=utf-8',
      `content-length: ${Buffer.byteLength(body)}`,
      `x-request-id: ${newRequestId()}`,
      'connection: close',
      '',
      body,
    ].join('\r\n'),
  );
}

/** As Node's own handler asks (lib/_http_server.js, socketOnError): the response under way is on the socket. */
function answerBegun(socket: Socket): boolean {
  const response = '_httpMessage' in socket ? socket._httpMessage : undefined;
  return response instanceof ServerResponse && response.headersSent;
}

const REASONS: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  408: 'Request Timeout',
  431: 'Request Header Fields Too Large',
};

function refusalOf(code: string | undefined): GatewayError {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return badRequest('The headers are too large.', { status: 431, code: 'headers_too_large' });
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return badRequest('The request took too long to arrive.', { status: 408, code: 'request_timeout' });
    default:
      return badRequest('The request is not valid HTTP.', { code: 'invalid_request' });
  }
}
