import type { Logger } from 'pino';
import type { ShutdownSignal } from './shutdown-signal.ts';

/** EX_SOFTWARE of sysexits(3): an internal error. */
const EXIT_SOFTWARE = 70;

/** Causes told of; a chain of them can be a ring. */
const MAX_CAUSES = 5;

/**
 * What nobody caught ends the process: in a state that nobody foresaw it could bill twice, or hold places for ever. One fatal line says
 * why before it exits with 70, so that the supervisor starts another. Rejections that nobody awaited come here too (Node's
 * `--unhandled-rejections=throw`, its default).
 */
export function endOnUncaught(logger: Logger, shutdown: ShutdownSignal): void {
  process.on('uncaughtException', (error: unknown, origin) => {
    try {
      // Not the error itself: a library's may hold a request with its headers.
      const { name, message, stack } = wordsOf(error);
      const { running } = shutdown;
      const fields = { origin, error: name, stack, running };
      logger.fatal(fields, `Ferry ends: an error that nobody caught: ${message}`);
      // Node writes it by itself only where nobody listens.
      if (process.report.reportOnUncaughtException) process.report.writeReport(asError(error));
    } finally {
      process.exit(EXIT_SOFTWARE);
    }
  });
}

function wordsOf(error: unknown): {
  readonly name: string;
  readonly message: string;
  readonly stack: string;
} {
  const stacks: string[] = [];
  for (let at = error; at instanceof Error && stacks.length < MAX_CAUSES; at = at.cause) {
    stacks.push(at.stack ?? String(at));
  }
  const { name, message } = asError(error);
  return { name, message, stack: stacks.join('\ncaused by: ') };
}

const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)));
