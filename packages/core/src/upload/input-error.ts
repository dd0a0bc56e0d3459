/** What is wrong with something that was to be uploaded. A closed set: switch over it exhaustively. */
export type UploadInputErrorCode =
  /** More bytes than the limit. */
  | 'too_large'
  /** Base64, a data URI, a URL or a media type that is not one. */
  | 'malformed'
  /** A URL that leads where it must not: another scheme, credentials in it, an address that is not public. */
  | 'url_not_allowed'
  /** A URL that is allowed and could not be fetched whole. */
  | 'url_fetch';

const BRAND = Symbol.for('ferry.UploadInputError');

/**
 * The input is at fault, not the upstream: trying again gives the same. Its message may be shown to whoever sent the
 * input and never holds the content, a URL's query or a password.
 */
export class UploadInputError extends Error {
  override readonly name: string = 'UploadInputError';
  readonly code: UploadInputErrorCode;

  constructor(code: UploadInputErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    Object.defineProperty(this, BRAND, { value: true });
    this.code = code;
  }

  /** Recognises the error by a registered symbol, not `instanceof`, so that two copies of this package agree. */
  static is(value: unknown): value is UploadInputError {
    return typeof value === 'object' && value !== null && BRAND in value;
  }
}

/** More bytes than the limit allows; thrown before the bytes beyond it are kept. */
export class SpoolLimitError extends UploadInputError {
  override readonly name: string = 'SpoolLimitError';
  /** The limit that was passed, in bytes. */
  readonly limitBytes: number;

  constructor(limitBytes: number) {
    super('too_large', `larger than the limit of ${limitBytes} bytes`);
    this.limitBytes = limitBytes;
  }
}
