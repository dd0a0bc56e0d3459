/** The words of an upload: what goes in, what comes out, and what a provider says about its endpoint. */
import type { Answer, AttemptRecord, RequestEvent } from '../client/request.ts';
import type { CredentialSource } from '../credential/credential.ts';
import type { Exchange } from '../transport/transport.ts';
import type { Spool } from './spool.ts';

/**
 * What to upload. Each form is named, since a guess between a path and base64 would let a stranger's text read files.
 */
export type UploadInput = (
  | { readonly path: string }
  | { readonly bytes: Uint8Array }
  /** Read once, into a spool, so that a retry has it from the start. */
  | { readonly stream: AsyncIterable<Uint8Array> }
  /** A spool of the caller's, which may still be growing; the caller disposes of it. */
  | { readonly spool: Spool }
  | { readonly dataUri: string }
  | { readonly base64: string }
  /** http(s); private networks are refused at every hop. */
  | { readonly url: string | URL }
) & {
  /** Shown to the upstream and in logs; made from the input when absent. */
  readonly filename?: string;
  /** A media type; sniffed from the first bytes when absent. */
  readonly contentType?: string;
};

export interface UploadOptions {
  /** Default false: a connection of its own. */
  readonly reuseSession?: boolean;
  readonly signal?: AbortSignal;
  readonly deadlineMs?: number;
  readonly logFields?: Readonly<Record<string, unknown>>;
  onEvent?(event: RequestEvent): void;
}

export interface UploadResult {
  readonly fileId: string;
  readonly fileUri: string;
  readonly filename: string;
  /** Bytes of the file, without the multipart around it. */
  readonly bytes: number;
  readonly attempts: readonly AttemptRecord[];
  readonly exchange: Exchange;
  /** From the call to the result: opening the input, every attempt, the waits between them. */
  readonly durationMs: number;
  /**
   * The upstream's part of it, retries included: from the moment at which the upload had been asked for and its input was whole, to
   * the result. While the input still comes in, it is its sender that is waited for, however fast the upstream is; what is
   * left to do at that moment is what the upload adds to the sender's own time. Equal to `durationMs` for an input that was
   * whole from the start; 0 when the upstream answered before the end of the input.
   */
  readonly upstreamMs: number;
  /** Alias of the credential that owns the file. */
  readonly credential: string;
}

/** A provider's upload endpoint, as data and one pure parser. */
export interface UploadEndpoint {
  readonly url: URL;
  /** Form fields, sent in this order before the file. */
  readonly fields: Readonly<Record<string, string>>;
  /** The name of the form's file field. */
  readonly fileField: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** See `LogicalRequest.attemptHeader`. */
  readonly attemptHeader?: string;
  /**
   * Reads the answer.
   * @throws RequestFailure with code `upstream_bad_answer`.
   */
  parse(answer: Answer): { readonly fileId: string; readonly fileUri: string };
}

/** A key, or a source of keys. */
export type UploadToken = string | CredentialSource;
