import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';

/** A request as the API sees it, whatever protocol carried it. */
export interface ApiRequest {
  readonly method: string;
  /** Path without query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** The name and port by which the client reached us, so that result links work through a proxy too. */
  readonly authority: string;
  readonly body: Readable;
  /** Aborted when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
}

/** Bytes in memory, or a file to stream. */
export type AnswerBody = Uint8Array | { readonly path: string; readonly bytes: number };

/** What the ledger keeps about the work behind an answer. */
export interface Work {
  /** The stored upload. `sha256` is over the file alone, without the multipart around it. */
  readonly file?: {
    readonly id: string;
    readonly bytes: number;
    readonly sha256: string;
    /** When it is deleted, milliseconds since the Unix epoch. */
    readonly expiresAt: number;
  };
  /** Images made, which is what an upstream would bill. */
  readonly images?: number;
  /** The images that came inside the request, in their order. */
  readonly inputs?: readonly { readonly bytes: number; readonly sha256: string }[];
  /** Ids of the stored uploads that the images were made from. */
  readonly sources?: readonly string[];
}

export interface Answer {
  readonly status: number;
  /** Lower-case names, without `content-length`. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: AnswerBody;
  readonly work?: Work;
}

/** A JSON answer. */
export function jsonAnswer(
  status: number,
  value: object,
  extra: { readonly headers?: Readonly<Record<string, string>>; readonly work?: Work } = {},
): Answer {
  return {
    status,
    headers: { 'content-type': 'application/json; charset=utf-8', ...extra.headers },
    body: Buffer.from(JSON.stringify(value)),
    ...(extra.work && { work: extra.work }),
  };
}

/** The length of an answer's body in bytes. */
export function bodyLength(body: AnswerBody): number {
  return body instanceof Uint8Array ? body.byteLength : body.bytes;
}
