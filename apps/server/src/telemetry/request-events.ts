import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Telemetry } from './telemetry.ts';

/** The caller went away before its answer: nginx's status for it. */
const CLIENT_CLOSED = 499;

/** Routes of the API. Pages, pictures, probes and `/metrics` itself are nobody's requests. */
const isOfApi = (route: string): boolean => route.startsWith('/api/') || route.startsWith('/v1/');

const header = (request: FastifyRequest, name: string): string | undefined => {
  const value = request.headers[name];
  return typeof value === 'string' ? value : undefined;
};

/** Tells the stream of every request to the API that was let in. Must be called before routes are added. */
export function tellOfRequests(fastify: FastifyInstance, telemetry: Telemetry): void {
  let count = 0;
  fastify.addHook('onRequest', async (request, reply) => {
    const route = request.routeOptions.url;
    if (route === undefined || !isOfApi(route)) return;
    count += 1;
    const facts = { requestId: request.id, number: count, method: request.method, route };
    const startedAt = telemetry.clock.now();
    const traceparent = header(request, 'traceparent');
    const tracestate = header(request, 'tracestate');
    telemetry.publish({
      type: 'request-started',
      ...facts,
      ...(traceparent !== undefined && { traceparent }),
      ...(tracestate !== undefined && { tracestate }),
    });
    // Not onResponse: it does not run when the caller goes away first.
    reply.raw.once('close', () =>
      telemetry.publish({
        type: 'request-ended',
        ...facts,
        status: reply.raw.writableFinished ? reply.raw.statusCode : CLIENT_CLOSED,
        durationMs: telemetry.clock.now() - startedAt,
      }),
    );
  });
}
