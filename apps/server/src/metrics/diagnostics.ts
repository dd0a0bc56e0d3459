import type { Clock } from '@ferry/core';
import { DiagLogLevel, diag } from '@opentelemetry/api';
import { setGlobalErrorHandler } from '@opentelemetry/core';
import type { Logger } from 'pino';

/** A collector that is away fails every few seconds: one line a minute is enough. Milliseconds. */
const QUIET_MS = 60_000;

/** OpenTelemetry's own troubles as log lines, few of them. They never reach a request. */
export function logDiagnostics(logger: Logger, clock: Clock): void {
  let quietUntil = Number.NEGATIVE_INFINITY;
  const warn = (text: string): void => {
    if (clock.now() < quietUntil) return;
    quietUntil = clock.now() + QUIET_MS;
    logger.warn({ part: 'opentelemetry' }, `Telemetry could not be sent: ${text}`);
  };
  setGlobalErrorHandler((error) => warn(error instanceof Error ? error.message : String(error)));
  const nothing = (): void => undefined;
  // Only the text: what else OpenTelemetry hands over may be a whole request with its headers.
  const first = (text: string): void => warn(text);
  diag.setLogger(
    { error: first, warn: first, info: nothing, debug: nothing, verbose: nothing },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  );
}
