import type { TransportErrorKind } from '@ferry/core';

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
}
