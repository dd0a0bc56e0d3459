import { RequestFailure, systemClock, type UploadResult } from '@ferry/core';
import type { Logger } from 'pino';
import type { LoadedConfig } from '../config/load.ts';
import { attemptView } from '../img2img/attempt-view.ts';
import { Upstreams } from '../providers/upstreams.ts';
import { RuntimeSettings } from '../settings/runtime-settings.ts';
import { LiveUpstreams } from '../telemetry/live-upstreams.ts';
import { Telemetry } from '../telemetry/telemetry.ts';
import { CliError } from './cli-error.ts';
import { columns } from './table.ts';

export interface UploadCommand {
  readonly file: string;
  /** A model or an alias, whose upstream gets the file; the default model's, when absent. */
  readonly model: string | undefined;
  readonly reuseSession: boolean | undefined;
}

/**
 * Uploads one file as the gateway would, without the gateway, and shows each attempt.
 * @throws CliError when it did not arrive.
 */
export async function upload(
  { file, model, reuseSession }: UploadCommand,
  { config, secrets }: LoadedConfig,
  logger: Logger,
  print: (text: string) => void,
): Promise<void> {
  const telemetry = new Telemetry({ clock: systemClock, onBroken: () => undefined });
  const upstreams = new Upstreams(
    new RuntimeSettings(config, logger),
    new LiveUpstreams(telemetry),
    secrets,
    logger,
  );
  await upstreams.onModuleInit();
  try {
    using serving = upstreams.begin();
    const { upstream } = serving.route(model);
    if (upstream.delivery === 'inline') {
      throw new CliError(
        `${upstream.name} has no uploads: it takes images inside edits, and each edit costs money. Nothing was sent.`,
      );
    }
    const reuse = reuseSession ?? config.upload.reuse_session;
    const result = await upstream.uploads.upload({ path: file }, upstream.credentials, {
      reuseSession: reuse,
    });
    print(`${result.filename} -> ${result.fileId} at ${upstream.name}, ${result.bytes} bytes\n`);
    print(attemptTable(result.attempts));
  } catch (error) {
    if (!(error instanceof RequestFailure))
      throw new CliError(error instanceof Error ? error.message : String(error));
    print(attemptTable(error.attempts));
    throw new CliError(error.message);
  } finally {
    await upstreams.onApplicationShutdown();
  }
}

function attemptTable(attempts: UploadResult['attempts']): string {
  const rows = attempts
    .map(attemptView)
    .map(({ attempt, connection, status, error, duration_ms }) => [
      `attempt ${attempt}`,
      connection === null ? 'no connection' : `${connection.protocol} #${connection.id} ${connection.origin}`,
      error === null ? `status ${status}` : `${error.message} (delivery ${error.delivery})`,
      `${duration_ms} ms`,
    ]);
  return columns(rows);
}
