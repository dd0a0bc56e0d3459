/** JSON request bodies, for the routes that ask for them. Every other route takes none. */
import type { IncomingMessage } from 'node:http';
import { RouteConfig } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { badRequest } from '../errors/gateway-error.ts';

/** Settings and the like are some hundred bytes. */
const MAX_JSON_BYTES = 64 * 1024;

/** How a route takes JSON: parsed as its `body`, or unread, for routes whose JSON is as large as pictures. */
type JsonIntake = 'parsed' | 'unread';

/** Marks a route of a controller: its requests may carry `application/json`, parsed, as their body. */
export const TakesJson = (): MethodDecorator => RouteConfig({ takesJson: 'parsed' satisfies JsonIntake });

/** Marks a route of a controller that reads `application/json` from the raw request itself, and bounds it. */
export const ReadsJson = (): MethodDecorator => RouteConfig({ takesJson: 'unread' satisfies JsonIntake });

function intakeOf({ routeOptions: { config } }: FastifyRequest): unknown {
  return 'takesJson' in config ? config.takesJson : undefined;
}

/** Must be called before routes are added. */
export function acceptJson(fastify: FastifyInstance): void {
  // Looked at before a byte is read: a form's route must not wait for 64 KiB that it cannot use.
  fastify.addHook('preParsing', async (request) => {
    if (request.is404 || intakeOf(request) !== undefined || request.mediaType !== 'application/json') return;
    throw badRequest('This content type is not understood here.', {
      status: 415,
      code: 'unsupported_media_type',
    });
  });
  // "error": a key such as `__proto__` is refused (secure-json-parse).
  const parse = fastify.getDefaultJsonParser('error', 'error');
  fastify.addContentTypeParser('application/json', (request, payload, done) => {
    if (intakeOf(request) === 'unread') return done(null, undefined);
    textOf(request, payload).then(
      (text) => parse(request, text, done),
      (error: unknown) => done(error instanceof Error ? error : new Error('the body cannot be read')),
    );
  });
}

/** @throws GatewayError 413 for a body over the limit, of which no more is read. */
async function textOf({ headers }: FastifyRequest, payload: IncomingMessage): Promise<string> {
  if (Number(headers['content-length'] ?? 0) > MAX_JSON_BYTES) throw tooLarge();
  const chunks: Buffer[] = [];
  let bytes = 0;
  // Not destroyed when it is left early: whoever answers drops the rest, so that the connection survives.
  for await (const chunk of payload.iterator({ destroyOnReturn: false })) {
    chunks.push(chunk);
    bytes += chunk.byteLength;
    if (bytes > MAX_JSON_BYTES) throw tooLarge();
  }
  return Buffer.concat(chunks).toString('utf8');
}

function tooLarge(): Error {
  return badRequest('The request is too large.', { status: 413, code: 'request_too_large' });
}
