import pino, { type Logger } from 'pino';
import pretty from 'pino-pretty';
import { logSink } from './log-sink.ts';
import { REDACTED, SECRET_NAMES, withoutSecrets } from './without-secrets.ts';

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
    // pino's own wildcards would take 65 µs a line: each of them is tried on each field.
    formatters: { level: (label) => ({ level: label }), log: (fields) => withoutSecrets(fields) },
    serializers: { err: (error: Error) => withoutSecrets(pino.stdSerializers.err(error)) },
    // What a child logger is bound to is seen by no formatter.
    redact: { paths: SECRET_NAMES.map((name) => `["${name}"]`), censor: REDACTED },
  };
  const destination = logSink(fd);
  return human
    ? pino(
        options,
        pretty({ destination, translateTime: 'SYS:HH:MM:ss', singleLine: true, ignore: 'context' }),
      )
    : pino(options, destination);
}
