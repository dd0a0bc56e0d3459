const INVALID_EDIT = Symbol.for('ferry.InvalidEditError');
const CONTENT_BLOCKED = Symbol.for('ferry.ContentBlockedError');

/** The upstream would refuse this edit: nothing has been sent. A gateway answers 400. */
export class InvalidEditError extends Error {
  override readonly name: string = 'InvalidEditError';
  /** The parameter at fault, by the name its sender used. */
  readonly param: string;

  constructor(param: string, message: string) {
    super(message);
    Object.defineProperty(this, INVALID_EDIT, { value: true });
    this.param = param;
  }

  /** Recognises the error by a registered symbol, so that two copies of this package agree. */
  static is(value: unknown): value is InvalidEditError {
    return typeof value === 'object' && value !== null && INVALID_EDIT in value;
  }
}

/** The upstream made the images and withholds all of them. A gateway answers 400 `content_blocked`. */
export class ContentBlockedError extends Error {
  override readonly name: string = 'ContentBlockedError';
  readonly code: 'content_blocked' = 'content_blocked';
  /** How many images are withheld. */
  readonly blocked: number;

  constructor(blocked: number) {
    super('the upstream withholds the result: it does not respect its content policy');
    Object.defineProperty(this, CONTENT_BLOCKED, { value: true });
    this.blocked = blocked;
  }

  static is(value: unknown): value is ContentBlockedError {
    return typeof value === 'object' && value !== null && CONTENT_BLOCKED in value;
  }
}
