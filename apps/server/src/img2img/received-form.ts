import {
  cleanFilename,
  fetchUrl,
  filenameFromUrl,
  type ImageFinding,
  ImageScan,
  type ImageType,
  SNIFF_BYTES,
  type Spool,
  type SpoolOptions,
  sniffImage,
} from '@ferry/core';
import { badRequest } from '../errors/gateway-error.ts';
import type { ImageSource } from './image-source.ts';

/** An image whose first bytes say that it is one; the rest may still be coming in. */
export interface GrowingImage {
  /** From 0, in the order of the parts. */
  readonly index: number;
  /** How errors name the part: `image[1]`. */
  readonly param: string;
  readonly filename: string;
  readonly type: ImageType;
  readonly spool: Spool;
}

/** An image that has arrived whole, and is what its first bytes say. */
export interface ReceivedImage extends GrowingImage {
  readonly bytes: number;
  /** What its structure says. */
  readonly finding: ImageFinding;
}

export interface ReceivedForm {
  readonly fields: ReadonlyMap<string, string>;
  readonly images: readonly ReceivedImage[];
}

/** Hears how a form comes in. Must not throw. */
export interface FormListener {
  /** A field has come; these are all so far. */
  onField(fields: ReadonlyMap<string, string>): void;
  /** The first bytes of an image are here, and `fields` hold what has come by now. */
  onImage(image: GrowingImage, fields: ReadonlyMap<string, string>): void;
  /** An image is whole. */
  onWhole(image: ReceivedImage): void;
}

/** What the upstreams take. Other pictures are refused here, before anything is sent or paid for. */
const ACCEPTED: ReadonlySet<string> = new Set(['image/png', 'image/jpeg', 'image/webp']);

export interface ReceiveOptions {
  readonly maxFileBytes: number;
  /** Where images lie while the request runs. */
  readonly spool: Pick<SpoolOptions, 'directory' | 'budget'>;
  readonly signal: AbortSignal;
  /** Whether the digest of each image is wanted. */
  readonly sha256: boolean;
}

/** What a request may hold. */
export interface FormLimits extends ReceiveOptions {
  readonly maxImages: number;
  /** Bytes of one text field. */
  readonly maxFieldBytes: number;
}

export interface ImagePart {
  readonly index: number;
  /** How errors name it. */
  readonly param: string;
  readonly filename: string | undefined;
}

/**
 * Brings an image into `spool`, from the request or from its URL. `onImage` is called once its first bytes are known to be
 * an image's, while the rest comes in.
 * @throws UploadInputError and GatewayError for what the caller did wrong.
 */
export async function receiveImage(
  source: ImageSource,
  spool: Spool,
  part: ImagePart,
  options: ReceiveOptions,
  onImage: (image: GrowingImage) => void,
): Promise<ReceivedImage> {
  const { signal, maxFileBytes } = options;
  const receive = async (bytes: AsyncIterable<Uint8Array>, url?: URL): Promise<ReceivedImage> => {
    const looked = identify(spool, part, url);
    looked.then(onImage, () => undefined);
    // What is wrong with the bytes as a whole, such as their number, is told before what is wrong with the first of them.
    const scan = new ImageScan();
    await spool.fill(seenBy(scan, bytes), signal);
    return { ...(await looked), bytes: await spool.whole(), finding: scan.finding };
  };
  if (source.kind !== 'url') return await receive(source.bytes);
  await using download = await fetchUrl(source.url, { maxBytes: maxFileBytes, signal });
  return await receive(download.body, download.url);
}

async function* seenBy(scan: ImageScan, bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const piece of bytes) {
    scan.push(piece);
    yield piece;
  }
}

/** @throws GatewayError when it is no image that the upstreams take. */
async function identify(spool: Spool, part: ImagePart, url: URL | undefined): Promise<GrowingImage> {
  const head = await spool.head(SNIFF_BYTES);
  const { param } = part;
  const given = part.filename === undefined ? undefined : cleanFilename(part.filename);
  const name = given === undefined ? param : `${param} ("${given}")`;
  if (head.byteLength === 0) throw badRequest(`${name} is empty.`, { code: 'invalid_image', param });
  const type = sniffImage(head);
  if (type === undefined || !ACCEPTED.has(type.mediaType)) {
    const what = type === undefined ? 'is not an image' : `is ${type.mediaType}`;
    throw badRequest(`${name} ${what}. Send PNG, JPEG or WebP.`, { code: 'invalid_image', param });
  }
  const fromUrl = url === undefined ? undefined : filenameFromUrl(url, type);
  const filename = given ?? fromUrl ?? `image-${part.index + 1}.${type.extension}`;
  return { index: part.index, param, filename, type, spool };
}
