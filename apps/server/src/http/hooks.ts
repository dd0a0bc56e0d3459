import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { AppParts } from '../app.module.ts';
import { isKnown } from '../auth/identity.ts';
import { badRequest, GatewayError } from '../errors/gateway-error.ts';
import { LineLimit } from '../logging/line-limit.ts';
import { refuseControlCharacters } from './control-characters.ts';
import { RouteMethods } from './route-methods.ts';
import { securityHeaders } from './security-headers.ts';

const pathOf = ({ url }: FastifyRequest): string => url.split('?', 1)[0] ?? '/';

/** Lines about requests of strangers: enough to see what they try. */
const STRANGERS_LINES = { lines: 100, periodMs: 60_000 } as const;
/** Characters of a path in the log: ours are shorter. */
const MAX_LOGGED_PATH = 256;

/** What happens to every request, whatever its route: headers, the door, 405, addresses that can name nothing, the line in the log. */
export function installHooks(
  fastify: FastifyInstance,
  { shutdown, door }: Pick<AppParts, 'shutdown' | 'door'>,
): void {
  const methods = new RouteMethods();
  methods.watch(fastify);
  const strangers = new LineLimit(STRANGERS_LINES);

  fastify.addHook('onRequest', async (request, reply) => {
    const startedAt = performance.now();
    // Not onResponse: it does not run when the caller goes away first.
    reply.raw.once('close', () => logAnswer(request, reply, performance.now() - startedAt, strangers));
    reply.header('x-request-id', request.id).headers(securityHeaders(pathOf(request)));
    if (shutdown.stopping) {
      reply.header('connection', 'close');
      if (!request.url.startsWith('/health/')) throw stopping();
    }
    await door.check(request, reply);
    refuseControlCharacters(request);
    if (request.is404) refuseMethod(request, methods);
  });
  fastify.addHook('onSend', async (_request, reply) => {
    if (shutdown.stopping) reply.header('connection', 'close');
  });
  fastify.addHook('onResponse', async (request) => {
    // Its answer began before the stop and promised to keep the connection; server.close() would wait for it.
    if (shutdown.stopping) request.raw.socket.end();
  });
}

function stopping(): GatewayError {
  return new GatewayError('The gateway is stopping.', {
    status: 503,
    type: 'server_error',
    code: 'shutting_down',
    retryAfterMs: 1_000,
  });
}

function refuseMethod(request: FastifyRequest, methods: RouteMethods): void {
  const allowed = methods.of(pathOf(request));
  if (allowed.length === 0) return;
  throw methodNotAllowed(request.method, allowed);
}

function methodNotAllowed(method: string, allowed: readonly string[]): GatewayError {
  const { message, fields } = badRequest(
    `${method} is not for this address. It takes ${allowed.join(', ')}.`,
    {
      status: 405,
      code: 'method_not_allowed',
    },
  );
  return new GatewayError(message, { ...fields, headers: { allow: allowed.join(', ') } });
}

function logAnswer(
  request: FastifyRequest,
  reply: FastifyReply,
  durationMs: number,
  strangers: LineLimit,
): void {
  const path = pathOf(request).slice(0, MAX_LOGGED_PATH);
  const answered = reply.raw.writableFinished;
  // Pages, pictures and probes that went well are of interest to nobody.
  const quiet = answered && !path.startsWith('/api/') && reply.statusCode < 400;
  const level = !answered ? 'info' : reply.statusCode >= 500 ? 'warn' : quiet ? 'debug' : 'info';
  const leftOut = quiet || isKnown(request) ? 0 : strangers.take();
  if (leftOut === undefined) return;
  const fields = {
    method: request.method,
    path,
    status: reply.statusCode,
    duration_ms: Math.round(durationMs),
    ...(leftOut > 0 && { left_out: leftOut }),
  };
  request.log[level](
    fields,
    answered ? `${request.method} ${path} ${reply.statusCode}` : 'The caller went away',
  );
}
