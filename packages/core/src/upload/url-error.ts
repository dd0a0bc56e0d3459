import { UploadInputError } from './input-error.ts';

/** The URL, a redirect of it, or every address of its host leads where it must not. */
export class UrlNotAllowedError extends UploadInputError {
  override readonly name: string = 'UrlNotAllowedError';

  constructor(message: string) {
    super('url_not_allowed', message);
  }
}

/** Why an allowed URL gave no whole file. A closed set. */
export type UrlFetchReason =
  | 'dns'
  | 'connect'
  /** Reset, TLS failure, or not HTTP. */
  | 'network'
  /** Connecting, silence, or the whole took too long. */
  | 'timeout'
  /** An answer other than 200. */
  | 'status'
  | 'too-many-redirects'
  /** An encoding nobody asked for. */
  | 'encoding'
  /** The connection ended before the content did. */
  | 'truncated';

export interface UrlFetchFields {
  readonly reason: UrlFetchReason;
  /** The status, for reason `status`. */
  readonly status?: number;
  readonly cause?: unknown;
}

export class UrlFetchError extends UploadInputError {
  override readonly name: string = 'UrlFetchError';
  readonly reason: UrlFetchReason;
  readonly status: number | undefined;

  constructor(message: string, fields: UrlFetchFields) {
    super('url_fetch', message, fields.cause === undefined ? undefined : { cause: fields.cause });
    this.reason = fields.reason;
    this.status = fields.status;
  }
}
