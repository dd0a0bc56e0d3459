import { mkdirSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Logger } from 'pino';
import { createApp } from '../app.ts';
import { requireApiKey } from '../auth/api-keys/require-api-key.ts';
import { isLoopbackHost } from '../auth/loopback.ts';
import { ConfigError } from '../config/config-error.ts';
import type { LoadedConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { readConsolePage } from '../console/console-page.ts';
import { createLogger } from '../logging/logger.ts';
import { endOnUncaught } from './last-resort.ts';
import { ShutdownSignal } from './shutdown-signal.ts';

/**
 * Starts the gateway and keeps it until a signal ends it.
 * @throws ConfigError for what the operator can mend: a port in use, a folder that cannot be written.
 */
export async function serve(loaded: LoadedConfig): Promise<void> {
  const { server } = loaded.config;
  const logger = createLogger({ level: server.log_level, human: process.stdout.isTTY });
  for (const warning of loaded.warnings) logger.warn({}, warning);
  prepareDataDir(server.data_dir);

  const shutdown = new ShutdownSignal();
  endOnUncaught(logger, shutdown);
  const app = await createApp({ loaded, logger, shutdown, page: readConsolePage() });
  try {
    await requireApiKey(app, loaded);
    await listen(app, server);
  } catch (error) {
    await app.close();
    throw error;
  }
  stopOnSignal(app, shutdown, server, logger);
  logger.info({}, `Ferry is ready: ${pageAddress(app, server.host)}`);
}

function prepareDataDir(dir: string): void {
  try {
    // Only the folder itself is closed to others: PostgreSQL may have to walk through those above it.
    mkdirSync(dirname(resolve(dir)), { recursive: true });
    mkdirSync(resolve(dir), { recursive: true, mode: 0o700 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new ConfigError([
      `server.data_dir: "${dir}" cannot be made (${code}), expected a folder that can be written`,
    ]);
  }
}

async function listen(app: NestFastifyApplication, { host, port }: Config['server']): Promise<void> {
  try {
    // Fastify's own: Nest's logs the error with its stack before it throws it.
    await app.getHttpAdapter().getInstance().listen({ host, port });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE') {
      throw new ConfigError([
        `server.port: ${port} on ${host} is in use by another process, expected a free port`,
      ]);
    }
    if (code === 'EACCES' || code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') {
      throw new ConfigError([`server.host: cannot listen on ${host}:${port} (${code})`]);
    }
    throw error;
  }
}

function pageAddress(app: NestFastifyApplication, host: string): string {
  const address = app.getHttpServer().address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const name = isLoopbackHost(host) ? 'localhost' : host.includes(':') ? `[${host}]` : host;
  return `http://${name}:${port}/admin/img2img`;
}

const count = (requests: number): string => `${requests} ${requests === 1 ? 'request' : 'requests'}`;

/** Signals sent while the process stops on its own must not be missed: the second one ends it at once. */
function stopOnSignal(
  app: NestFastifyApplication,
  shutdown: ShutdownSignal,
  { shutdown_grace_ms }: Config['server'],
  logger: Logger,
): void {
  const stop = (signal: NodeJS.Signals): void => {
    if (shutdown.stopping) {
      logger.warn({}, `${signal} again: stopping at once`);
      process.exit(1);
    }
    const { running } = shutdown;
    logger.info(
      { running },
      `${signal}: finishing what runs (${count(running)}), for at most ${shutdown_grace_ms / 1_000} s`,
    );
    shutdown.begin(shutdown_grace_ms);
    app.close().then(
      () => {
        const { cutShort } = shutdown;
        const finished = running - cutShort;
        const said = `Ferry has stopped: ${count(finished)} finished, ${cutShort} could not in time`;
        logger[cutShort === 0 ? 'info' : 'warn']({ finished, cut_short: cutShort }, said);
        process.exit(0);
      },
      (error: unknown) => {
        logger.error({ err: error }, 'Ferry could not stop cleanly');
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}
