/**
 * xAI answers errors in two shapes, and a client must read both: the flat one from the platform (keys, files), the nested
 * one from the image endpoints.
 */
export type ErrorShape = 'flat' | 'nested';

export interface ApiErrorFields {
  readonly status: number;
  readonly code: string;
  /** The request's part that is wrong, such as `prompt` or `image.file_id`. */
  readonly param?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** An answer that is an error: thrown anywhere in the API, written once. Its message never holds a key or a body. */
export class ApiError extends Error {
  override readonly name: string = 'ApiError';
  readonly status: number;
  readonly code: string;
  readonly param: string | undefined;
  readonly headers: Readonly<Record<string, string>>;

  constructor(message: string, fields: ApiErrorFields) {
    super(message);
    this.status = fields.status;
    this.code = fields.code;
    this.param = fields.param;
    this.headers = fields.headers ?? {};
  }
}

/** The JSON body of an error in one of the two shapes. */
export function errorBody(error: ApiError, shape: ErrorShape): object {
  if (shape === 'flat') {
    const where = error.param === undefined ? '' : ` (${error.param})`;
    return { code: error.code, error: `${error.message}${where}` };
  }
  return {
    error: {
      message: error.message,
      type: error.status >= 500 ? 'server_error' : 'invalid_request_error',
      param: error.param ?? null,
      code: error.code,
    },
  };
}

/** A request whose named part is wrong: 400. */
export function badRequest(param: string, message: string): ApiError {
  return new ApiError(message, { status: 400, code: 'invalid_argument', param });
}
