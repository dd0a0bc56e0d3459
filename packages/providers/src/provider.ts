/** What an upstream's API is to the rest of Ferry: data in, data out. A provider opens no connection and keeps no state. */
import type { Answer, RequestBody, UploadEndpoint } from '@ferry/core';
import type { RequestedOptions } from './requested-options.ts';
import type { UpstreamError } from './upstream-error.ts';

/** An image that the provider's upload endpoint has taken. */
export interface UploadedImage {
  readonly fileId: string;
  readonly fileUri: string;
}

/** An image that travels inside the edit's own request. */
export interface InlineImage {
  readonly filename: string;
  /** A media type. */
  readonly contentType: string;
  /** Whole, so that its length is known; the edit can be sent again only when the image can. */
  readonly body: RequestBody;
}

/** One edit: images in, images out. */
export interface EditInput<Image = UploadedImage> {
  /** The upstream's own name of the model: aliases are resolved before. */
  readonly model: string;
  readonly prompt: string;
  /** How many images to make. */
  readonly n: number;
  readonly images: readonly Image[];
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

interface ProviderOf<Image> {
  /** A short name for configuration, logs and labels. */
  readonly name: string;
  /** The models it is known to have, by the upstream's own names. */
  readonly models: readonly string[];
  /** The most images one edit takes. */
  readonly maxImages: number;
  /** The largest image it takes, in bytes. */
  readonly maxFileBytes: number;
  /** Where edits are asked for. Whatever else it is asked goes to the same origin. */
  readonly editsUrl: URL;
  /**
   * A caller's wishes as this upstream's own options; what it does anyway is left out.
   * @throws InvalidEditError that names what it cannot do.
   */
  optionsFor(wishes: RequestedOptions): NonNullable<EditInput['options']>;
  /** @throws InvalidEditError that names the parameter, before anything is sent. */
  editRequest(edit: EditInput<Image>): EditRequest;
  /**
   * Reads the answer to an edit.
   * @throws ContentBlockedError when every image is withheld.
   * @throws RequestFailure with code `upstream_bad_answer` that names the missing part.
   */
  parseEdit(answer: Answer): EditResult;
  /** Reads the body of an error answer, whole or cut short. Never throws. */
  parseUpstreamError(status: number, text: string): UpstreamError;
}

/** Images are uploaded first, each by a request that may be repeated; the edit names the ids that came back. */
export interface FileIdProvider extends ProviderOf<UploadedImage> {
  readonly delivery: 'by-file-id';
  uploadEndpoint(): UploadEndpoint;
}

/** There is no upload: images travel inside the edit, which costs money. They must be whole and checked before it begins. */
export interface InlineProvider extends ProviderOf<InlineImage> {
  readonly delivery: 'inline';
}

/** How images reach the upstream is the one thing that differs in kind. */
export type Provider = FileIdProvider | InlineProvider;
