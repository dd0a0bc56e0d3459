import {
  cleanFilename,
  fetchUrl,
  filenameFromUrl,
  type ImageType,
  SNIFF_BYTES,
  Spool,
  sniffImage,
} from '@ferry/core';
import { badRequest } from '../errors/gateway-error.ts';
import type { ImageSource } from './image-source.ts';

/** An image that has arrived whole, and is what its first bytes say. */
export interface ReceivedImage {
  /** From 0, in the order of the parts. */
  readonly index: number;
  /** How errors name the part: `image[1]`. */
  readonly param: string;
  readonly filename: string;
  readonly type: ImageType;
  readonly bytes: number;
  readonly spool: Spool;
}

export interface ReceivedForm {
  readonly fields: ReadonlyMap<string, string>;
  readonly images: readonly ReceivedImage[];
}

/** What the upstreams take. Other pictures are refused here, before anything is sent or paid for. */
const ACCEPTED: ReadonlySet<string> = new Set(['image/png', 'image/jpeg', 'image/webp']);

export interface ReceiveOptions {
  readonly maxFileBytes: number;
  /** Where spools put what does not fit in memory. */
  readonly spoolDirectory: string;
  readonly signal: AbortSignal;
}

/** The name of an image's part, as errors give it. */
export const imageParam = (index: number): string => (index === 0 ? 'image' : `image[${index}]`);

/**
 * Brings an image into `spool`, from the request or from its URL, and looks at what it is.
 * @throws UploadInputError and GatewayError for what the caller did wrong.
 */
export async function receiveImage(
  source: ImageSource,
  spool: Spool,
  part: { readonly index: number; readonly filename: string | undefined },
  options: ReceiveOptions,
): Promise<ReceivedImage> {
  const { signal, maxFileBytes } = options;
  let url: URL | undefined;
  if (source.kind === 'url') {
    await using download = await fetchUrl(source.url, { maxBytes: maxFileBytes, signal });
    url = download.url;
    await spool.fill(download.body, signal);
  } else {
    await spool.fill(source.bytes, signal);
  }
  const param = imageParam(part.index);
  const given = part.filename === undefined ? undefined : cleanFilename(part.filename);
  const bytes = await spool.whole();
  const name = given === undefined ? param : `${param} ("${given}")`;
  if (bytes === 0) throw badRequest(`${name} is empty.`, { code: 'invalid_image', param });
  const type = sniffImage(await spool.head(SNIFF_BYTES));
  if (type === undefined || !ACCEPTED.has(type.mediaType)) {
    const what = type === undefined ? 'is not an image' : `is ${type.mediaType}`;
    throw badRequest(`${name} ${what}. Send PNG, JPEG or WebP.`, { code: 'invalid_image', param });
  }
  const fromUrl = url === undefined ? undefined : filenameFromUrl(url, type);
  const filename = given ?? fromUrl ?? `image-${part.index + 1}.${type.extension}`;
  return { index: part.index, param, filename, type, bytes, spool };
}
