import fastifyMultipart from '@fastify/multipart';
import fastifyStatic from '@fastify/static';
import type { LoggerService } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { type FastifyReply, type FastifyRequest, LogController } from 'fastify';
import { Logger as NestLogger } from 'nestjs-pino';
import type { Logger } from 'pino';
import { type AppParts, appModule } from './app.module.ts';
import { Door } from './auth/door.ts';
import { serveDocs } from './docs/openapi.ts';
import { GatewayExceptionFilter, sendError } from './errors/exception.filter.ts';
import { answerClientError } from './http/client-error.ts';
import { continueWhenRead } from './http/continue-when-read.ts';
import { installHooks } from './http/hooks.ts';
import { acceptJson } from './http/json-body.ts';
import { requestId } from './http/request-id.ts';
import { securityHeaders } from './http/security-headers.ts';
import { tellOfRequests } from './telemetry/request-events.ts';
import { Telemetry } from './telemetry/telemetry.ts';

/** The largest head of a request: request line and headers. Bytes. */
const MAX_HEADER_BYTES = 16 * 1024;

/** The application, ready to listen. The simulator, where one is needed, is running. */
export async function createApp(parts: Omit<AppParts, 'door'>): Promise<NestFastifyApplication> {
  const { loaded, logger, page } = parts;
  const { config } = loaded;
  const door = new Door(loaded);
  const adapter = new FastifyAdapter({
    loggerInstance: logger as Logger,
    // One line when an answer is out says it all; see installHooks.
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'request_id' }),
    genReqId: requestId,
    // Believed only from these; an empty list would be taken for all of them.
    trustProxy: config.server.trusted_proxies.length === 0 ? false : config.server.trusted_proxies,
    requestTimeout: config.server.request_timeout_ms,
    // Silence on a socket for longer than any request may take: its caller does not read the answer.
    connectionTimeout: config.server.deadline_ms + 15_000,
    http: {
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: Math.min(30_000, config.server.request_timeout_ms),
      // Node looks for requests past their time only every 30 s by default.
      connectionsCheckingInterval: Math.min(5_000, config.server.request_timeout_ms / 2),
    },
    clientErrorHandler: answerClientError,
    // An address the router cannot read: refused before any hook runs.
    frameworkErrors: (error: unknown, request: FastifyRequest, reply: FastifyReply) => {
      reply.header('x-request-id', request.id).headers(securityHeaders('/'));
      sendError(error, request, reply);
    },
    routerOptions: { maxParamLength: 200 },
    // Turned away by our own hook, in our own shape.
    return503OnClosing: false,
    forceCloseConnections: 'idle',
  });
  const fastify = adapter.getInstance();
  fastify.server.maxConnections = config.server.max_connections;
  // Nothing but forms is read, and JSON where a route takes it: every other content type is answered 415.
  fastify.removeAllContentTypeParsers();
  acceptJson(fastify);
  installHooks(fastify, { ...parts, door });
  continueWhenRead(fastify.server);

  const app = await NestFactory.create<NestFastifyApplication>(appModule({ ...parts, door }), adapter, {
    bodyParser: false,
    bufferLogs: true,
    abortOnError: false,
  });
  tellOfRequests(fastify, app.get(Telemetry));
  app.useLogger(quietly(app.get(NestLogger)));
  app.useGlobalFilters(new GatewayExceptionFilter());
  await app.register(fastifyMultipart);
  if (page.assets !== undefined) {
    await app.register(fastifyStatic, {
      root: page.assets,
      prefix: '/admin/assets/',
      decorateReply: false,
      // Written by the build beside each script and style.
      preCompressed: true,
      immutable: true,
      maxAge: '1y',
      index: false,
    });
  }
  serveDocs(app);
  await app.init();
  return app;
}

/** Nest announces every module and route: of use to somebody who looks for a fault, noise to everybody else. */
function quietly(logger: NestLogger): LoggerService {
  return {
    log: (message: unknown, ...more: unknown[]) => logger.debug(message, ...more),
    warn: (message: unknown, ...more: unknown[]) => logger.warn(message, ...more),
    error: (message: unknown, ...more: unknown[]) => logger.error(message, ...more),
    fatal: (message: unknown, ...more: unknown[]) => logger.fatal(message, ...more),
  };
}
