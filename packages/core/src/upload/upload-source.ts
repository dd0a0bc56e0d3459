/** From any form of input to a body with a name and a type. Whatever is opened here is released here. */
import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import { fromBytes, fromFile, type RequestBody } from '../transport/request-body.ts';
import { decodeBase64, decodeDataUri } from './data-uri.ts';
import { cleanFilename, defaultFilename, filenameFromUrl } from './filename.ts';
import { SpoolLimitError, UploadInputError } from './input-error.ts';
import { isMediaType } from './media-type.ts';
import { orAborted } from './or-aborted.ts';
import { type ImageType, SNIFF_BYTES, sniffImage } from './sniff.ts';
import { fromSpool, Spool, type SpoolOptions } from './spool.ts';
import type { UploadInput } from './upload.ts';
import { fetchUrl, type UrlDownload, type UrlFetchOptions } from './url-source.ts';

export interface UploadSourceOptions {
  /** How streams and URLs are spooled; its `maxBytes` limits every form of input. */
  readonly spool?: SpoolOptions;
  /** How URLs are fetched. */
  readonly url?: Omit<UrlFetchOptions, 'maxBytes' | 'signal'>;
  readonly signal?: AbortSignal;
}

export interface UploadSource extends AsyncDisposable {
  readonly body: RequestBody;
  readonly filename: string;
  readonly contentType: string;
  /** Bytes of the whole file; undefined while it grows. */
  readonly byteLength: number | undefined;
  /** Bytes of it that are here so far. */
  readonly storedBytes: number;
  /** Why the input ended before its end, once it has. */
  readonly failure: { readonly error: unknown } | undefined;
  /** Resolves when the whole file is here; rejects when it never will be. */
  whole(): Promise<unknown>;
  /** Frees what was opened for it, never what the caller owns. Idempotent. */
  release(): Promise<void>;
}

/** What one form of input gives, before it has a name and a type. */
interface Content {
  readonly body: RequestBody;
  head(): Promise<Uint8Array>;
  readonly spool?: Spool;
  /** What the input itself says. */
  readonly declaredType?: string | undefined;
  name?(type: ImageType | undefined): string | undefined;
  release?(): Promise<void>;
}

/**
 * Opens an input far enough to know what it is: the first bytes of a stream or URL have come, the rest is on its way
 * into a spool (cut-through). On every failure what was opened is released before this rejects.
 * @throws UploadInputError and its subclasses, the `fs` error of a path, the error of a stream, the signal's reason.
 */
export async function openUploadSource(
  input: UploadInput,
  options: UploadSourceOptions = {},
): Promise<UploadSource> {
  const { signal } = options;
  signal?.throwIfAborted();
  if (input.contentType !== undefined && !isMediaType(input.contentType)) {
    throw new UploadInputError('malformed', 'the content type is not a media type');
  }
  const content = await openContent(input, options);
  let released: Promise<void> | undefined;
  const release = (): Promise<void> => {
    released ??= content.release?.() ?? Promise.resolve();
    return released;
  };
  try {
    const type = sniffImage(await orAborted(content.head(), signal));
    const { body, spool } = content;
    return {
      body,
      filename:
        (input.filename === undefined ? undefined : cleanFilename(input.filename)) ??
        content.name?.(type) ??
        defaultFilename(type),
      contentType: input.contentType ?? type?.mediaType ?? content.declaredType ?? 'application/octet-stream',
      get byteLength() {
        return body.byteLength;
      },
      get storedBytes() {
        return body.byteLength ?? spool?.storedBytes ?? 0;
      },
      get failure() {
        return spool?.failure;
      },
      whole: async () => await spool?.whole(),
      release,
      [Symbol.asyncDispose]: release,
    };
  } catch (error) {
    await release();
    throw error;
  }
}

function openContent(input: UploadInput, options: UploadSourceOptions): Promise<Content> | Content {
  const maxBytes = options.spool?.maxBytes ?? Number.POSITIVE_INFINITY;
  if ('path' in input) return pathContent(input.path, maxBytes);
  if ('bytes' in input) return bytesContent(input.bytes, maxBytes);
  if ('stream' in input) return streamContent(input.stream, options);
  if ('spool' in input) return { ...spoolContent(input.spool), spool: input.spool };
  if ('dataUri' in input) {
    const { bytes, contentType } = decodeDataUri(input.dataUri, { maxBytes });
    return { ...bytesContent(bytes, maxBytes), declaredType: contentType };
  }
  if ('base64' in input) return bytesContent(decodeBase64(input.base64, { maxBytes }), maxBytes);
  return urlContent(input.url, options);
}

async function pathContent(path: string, maxBytes: number): Promise<Content> {
  const body = await fromFile(path);
  if ((body.byteLength ?? 0) > maxBytes) throw new SpoolLimitError(maxBytes);
  return {
    body,
    name: () => cleanFilename(basename(path)),
    async head() {
      await using file = await open(path);
      const { buffer, bytesRead } = await file.read(Buffer.alloc(SNIFF_BYTES), 0, SNIFF_BYTES, 0);
      return buffer.subarray(0, bytesRead);
    },
  };
}

function bytesContent(bytes: Uint8Array, maxBytes: number): Content {
  if (bytes.byteLength > maxBytes) throw new SpoolLimitError(maxBytes);
  return { body: fromBytes(bytes), head: async () => bytes.subarray(0, SNIFF_BYTES) };
}

function spoolContent(spool: Spool): Pick<Content, 'body' | 'head'> {
  return { body: fromSpool(spool), head: () => spool.head(SNIFF_BYTES) };
}

function streamContent(stream: AsyncIterable<Uint8Array>, options: UploadSourceOptions): Content {
  const spool = new Spool(options.spool);
  // Its failure reaches everybody who reads the spool.
  spool.fill(stream, options.signal).catch(() => undefined);
  return { ...spoolContent(spool), spool, release: () => spool[Symbol.asyncDispose]() };
}

async function urlContent(url: string | URL, options: UploadSourceOptions): Promise<Content> {
  const { spool: { maxBytes } = {}, signal } = options;
  const download: UrlDownload = await fetchUrl(url, {
    ...options.url,
    ...(maxBytes === undefined ? {} : { maxBytes }),
    ...(signal === undefined ? {} : { signal }),
  });
  const content = streamContent(download.body, options);
  return {
    ...content,
    name: (type) => filenameFromUrl(download.url, type),
    declaredType:
      download.contentType !== undefined && isMediaType(download.contentType)
        ? download.contentType
        : undefined,
    async release() {
      await download[Symbol.asyncDispose]();
      await content.release?.();
    },
  };
}
