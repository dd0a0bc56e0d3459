/** What a command could not do, in words for whoever typed it. */
export class CliError extends Error {
  override readonly name = 'CliError';
  /** Exit code. */
  readonly code: number;

  constructor(message: string, code = 1) {
    super(message);
    this.code = code;
  }
}

/** EX_UNAVAILABLE of sysexits(3): the gateway does not run, or does not answer. */
export const EXIT_UNAVAILABLE = 69;
