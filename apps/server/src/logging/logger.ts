import pino, { type Logger } from 'pino';
import pretty from 'pino-pretty';
import { logSink } from './log-sink.ts';

/** Field names whose values never reach a log, wherever they stand. */
const REDACTED = ['authorization', 'cookie', 'set-cookie', 'x-api-key', 'secret', 'api_key', 'admin_key'];

export interface LoggerOptions {
  readonly level: string;
  /** Whether people read along: short coloured lines instead of JSON. */
  readonly human: boolean;
  /** File descriptor to write to. Default 1, standard output. */
  readonly fd?: number;
}

/**
 * One logger for everything. JSON lines on standard output, written at once: a line that a crash could swallow is worth
 * nothing. Secrets are kept out by what is logged; the redaction here is the second net.
 */
export function createLogger({ level, human, fd = 1 }: LoggerOptions): Logger {
  const options: pino.LoggerOptions = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    redact: {
      paths: REDACTED.flatMap((name) => [`["${name}"]`, `*["${name}"]`, `*.*["${name}"]`]),
      censor: '[redacted]',
    },
  };
  const destination = logSink(fd);
  return human
    ? pino(
        options,
        pretty({ destination, translateTime: 'SYS:HH:MM:ss', singleLine: true, ignore: 'context' }),
      )
    : pino(options, destination);
}
