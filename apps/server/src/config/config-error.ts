/** A configuration that Ferry cannot start with. Each problem names the key, the value and what was expected. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    const count = problems.length === 1 ? 'a mistake' : `${problems.length} mistakes`;
    super(`Ferry cannot start: ${count} in the configuration\n${problems.map((p) => `  ${p}`).join('\n')}`);
    this.problems = problems;
  }
}

/** EX_CONFIG of sysexits(3): something is wrong with the configuration. Supervisors need not restart. */
export const EXIT_CONFIG = 78;
