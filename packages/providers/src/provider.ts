/** What an upstream's API is to the rest of Ferry: data in, data out. A provider opens no connection and keeps no state. */
import type { Answer, RequestBody, UploadEndpoint } from '@ferry/core';
import type { UpstreamError } from './upstream-error.ts';

/** An image that the provider's upload endpoint has taken. */
export interface UploadedImage {
  readonly fileId: string;
  readonly fileUri: string;
}

/** One edit: images in, images out. */
export interface EditInput {
  /** The upstream's own name of the model: aliases are resolved before. */
  readonly model: string;
  readonly prompt: string;
  /** How many images to make. */
  readonly n: number;
  readonly images: readonly UploadedImage[];
  /** How the images come back. Default the upstream's own, which is `url`. */
  readonly responseFormat?: 'url' | 'b64_json';
  /** Further options by the upstream's own names, such as `aspect_ratio`; one it does not know is refused. */
  readonly options?: Readonly<Record<string, string | number | boolean>>;
}

/** An edit as a request to send. It costs money: its safety is `billable`. */
export interface EditRequest {
  readonly method: 'POST';
  readonly url: URL;
  /** Lower-case names, without `authorization`. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: RequestBody;
}

/** Where an edited image is: in the answer, or behind a link that expires soon. */
export type EditedImage = {
  /** A media type; undefined when the upstream says none about a link. */
  readonly mimeType: string | undefined;
  /** The prompt as the upstream changed it. */
  readonly revisedPrompt?: string;
} & ({ readonly kind: 'bytes'; readonly bytes: Uint8Array } | { readonly kind: 'url'; readonly url: URL });

export interface EditResult {
  /** At least one. */
  readonly images: readonly EditedImage[];
  /** How many further images the upstream made and withheld (moderation). */
  readonly blocked: number;
  /** As the upstream counts, for example tokens or cost. */
  readonly usage?: Readonly<Record<string, unknown>>;
}

export interface Provider {
  /** A short name for configuration, logs and labels. */
  readonly name: string;
  /** The models it is known to have, by the upstream's own names. */
  readonly models: readonly string[];
  /** The most images one edit takes. */
  readonly maxImages: number;
  /** The largest file its upload endpoint takes, in bytes. */
  readonly maxFileBytes: number;
  uploadEndpoint(): UploadEndpoint;
  /** @throws InvalidEditError that names the parameter, before anything is sent. */
  editRequest(edit: EditInput): EditRequest;
  /**
   * Reads the answer to an edit.
   * @throws ContentBlockedError when every image is withheld.
   * @throws RequestFailure with code `upstream_bad_answer` that names the missing part.
   */
  parseEdit(answer: Answer): EditResult;
  /** Reads the body of an error answer, whole or cut short. Never throws. */
  parseUpstreamError(status: number, text: string): UpstreamError;
}
