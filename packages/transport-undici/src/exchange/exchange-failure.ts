import {
  type Delivery,
  type H2ErrorName,
  TransportError,
  type TransportErrorFields,
  type TransportErrorKind,
  type Verdict,
} from '@ferry/core';

/** What ended an exchange without a whole answer. */
export interface Failure {
  readonly kind: TransportErrorKind;
  readonly message: string;
  /** What it means for the connection. */
  readonly connection: Verdict;
  /** Absent when it follows from what has left and what has come. */
  readonly delivery?: Delivery;
  readonly h2Code?: H2ErrorName | undefined;
  readonly cause?: unknown;
}

/** The error that the caller gets. */
export function failedExchange(
  { kind, message, h2Code, cause }: Failure,
  facts: Pick<TransportErrorFields, 'phase' | 'delivery' | 'exchange'>,
): TransportError {
  return new TransportError(message, { ...facts, kind, h2Code, cause });
}
