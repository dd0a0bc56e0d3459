/** Fields first, message second: a pino logger fits as it is. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

const nothing = (): void => undefined;

/** A logger for callers who want none. */
export const silentLogger: Logger = { debug: nothing, info: nothing, warn: nothing, error: nothing };
