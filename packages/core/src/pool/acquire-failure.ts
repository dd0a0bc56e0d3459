import type { TransportErrorKind } from '../transport/transport-error.ts';

export interface AcquireFailureFields {
  readonly kind: TransportErrorKind;
  /** `acquire` while waiting for a place, `connect` once a connection was being opened for the request. */
  readonly phase: 'acquire' | 'connect';
  readonly cause?: unknown;
}

/** Why a request got no connection. No byte of it was sent, whatever the kind. */
export class AcquireFailure extends Error {
  override readonly name: string = 'AcquireFailure';
  readonly kind: TransportErrorKind;
  readonly phase: 'acquire' | 'connect';

  constructor(message: string, fields: AcquireFailureFields) {
    super(message, fields.cause === undefined ? undefined : { cause: fields.cause });
    this.kind = fields.kind;
    this.phase = fields.phase;
  }

  /** Whatever else may have been thrown while a connection was opened. */
  static from(error: unknown): AcquireFailure {
    if (error instanceof AcquireFailure) return error;
    const fields = { kind: 'connect', phase: 'connect', cause: error } as const;
    return new AcquireFailure('the connection could not be opened', fields);
  }
}
