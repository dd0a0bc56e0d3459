const KIND = Symbol.for('ferry.DatabaseUnavailable');

/**
 * The database cannot be asked now, or its answer was lost half-way. What was asked for may or may not have been done when
 * `asked` is true. Callers of the API get 503 `database_unavailable` for it.
 */
export class DatabaseUnavailable extends Error {
  override readonly name = 'DatabaseUnavailable';
  readonly [KIND] = true;
  /** Whether anything had been sent to it. */
  readonly asked: boolean;
  /** Milliseconds after which another try makes sense. */
  readonly retryAfterMs: number;

  constructor(
    why: string,
    options: { readonly asked: boolean; readonly retryAfterMs: number; readonly cause?: unknown },
  ) {
    super(
      `The database is not available: ${why}`,
      options.cause === undefined ? undefined : { cause: options.cause },
    );
    this.asked = options.asked;
    this.retryAfterMs = options.retryAfterMs;
  }

  static is(value: unknown): value is DatabaseUnavailable {
    return typeof value === 'object' && value !== null && KIND in value;
  }
}
