/** JSON request bodies, for the routes that ask for them. Every other route takes none. */
import { RouteConfig } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';
import { badRequest } from '../errors/gateway-error.ts';

/** Settings and the like are some hundred bytes. */
const MAX_JSON_BYTES = 64 * 1024;

/** Marks a route of a controller: its requests may carry `application/json`, parsed, as their body. */
export const TakesJson = (): MethodDecorator => RouteConfig({ takesJson: true });

/** Must be called before routes are added. */
export function acceptJson(fastify: FastifyInstance): void {
  // Looked at before a byte is read: a form's route must not wait for 64 KiB that it cannot use.
  fastify.addHook('preParsing', async (request) => {
    const { config } = request.routeOptions;
    const takesJson = 'takesJson' in config && config.takesJson === true;
    if (request.is404 || takesJson || request.mediaType !== 'application/json') return;
    throw badRequest('This content type is not understood here.', {
      status: 415,
      code: 'unsupported_media_type',
    });
  });
  // "error": a key such as `__proto__` is refused (secure-json-parse).
  fastify.addContentTypeParser(
    'application/json',
    { parseAs: 'string', bodyLimit: MAX_JSON_BYTES },
    fastify.getDefaultJsonParser('error', 'error'),
  );
}
