import { Spool, UploadInputError } from '@ferry/core';
import type { FastifyRequest } from 'fastify';
import { badRequest } from '../errors/gateway-error.ts';
import { fromInputError } from '../errors/to-gateway-error.ts';
import type { FileReference } from '../files/file-reference.ts';
import { dropRest } from '../http/drop-rest.ts';
import type { ReceivedEdit } from '../img2img/edit-form.ts';
import { type ImageSource, imageSource } from '../img2img/image-source.ts';
import {
  type FormLimits,
  type FormListener,
  type GrowingImage,
  type ReceivedImage,
  receiveImage,
} from '../img2img/received-form.ts';
import { type ImageReference, parseJsonEdit } from './json-edit-schema.ts';
import { type JsonPart, jsonWithImages } from './json-with-images.ts';

/** Beside the prompt. */
const MAX_OTHER_BYTES = 64 * 1024;

/**
 * Reads an edit in JSON. Data URIs go into spools while they come in, as the files of a form do; what is left is small.
 * Every spool it makes is given to `spools`. On failure the rest of the request is read and dropped.
 * @throws GatewayError 400 or 413, or the signal's reason.
 */
export async function readJsonEdit(
  { raw }: FastifyRequest,
  limits: FormLimits,
  spools: AsyncDisposableStack,
  listener: FormListener,
): Promise<ReceivedEdit> {
  const failed = new AbortController();
  const options = { ...limits, signal: AbortSignal.any([limits.signal, failed.signal]) };
  const receive = async (
    source: ImageSource,
    index: number,
    onImage: (image: GrowingImage) => void,
  ): Promise<ReceivedImage> => {
    const { maxFileBytes, sha256 } = limits;
    const spool = spools.use(new Spool({ ...limits.spool, maxBytes: maxFileBytes, sha256 }));
    const param = `images[${index}].image_url`;
    try {
      const image = await receiveImage(
        source,
        spool,
        { index, param, filename: undefined },
        options,
        onImage,
      );
      listener.onWhole(image);
      return image;
    } catch (error) {
      throw UploadInputError.is(error) ? fromInputError(error, param) : error;
    }
  };
  const inline = new Map<string, ReceivedImage>();
  const downloads: Promise<ReceivedImage>[] = [];
  try {
    let text = '';
    for await (const part of jsonWithImages(raw.iterator({ destroyOnReturn: false }), textLimit(limits))) {
      if (part.kind === 'text') {
        text = part.text;
        continue;
      }
      if (inline.size >= limits.maxImages) throw tooMany(limits.maxImages);
      const source = await imageSource(part.bytes, false);
      const fields = modelBefore(part);
      // Without a model nobody knows yet where it goes.
      const onImage = (image: GrowingImage) => fields !== undefined && listener.onImage(image, fields);
      inline.set(part.placeholder, await receive(source, part.index, onImage));
    }
    const { fields, images } = parseJsonEdit(text);
    listener.onField(fields);
    if (images.length > limits.maxImages) throw tooMany(limits.maxImages);
    const sorted = sort(images, inline);
    for (const { index, url } of sorted.urls) {
      const download = receive({ kind: 'url', url }, index, (image) => listener.onImage(image, fields));
      download.catch((error: unknown) => failed.abort(error));
      downloads.push(download);
    }
    const received = [...sorted.inline, ...(await Promise.all(downloads))];
    return { fields, images: received.sort((a, b) => a.index - b.index), files: sorted.files };
  } catch (error) {
    failed.abort(error);
    dropRest(raw, limits.maxImages * limits.maxFileBytes * 2);
    await Promise.allSettled(downloads);
    limits.signal.throwIfAborted();
    throw raw.errored === null ? error : cutShort(error);
  }
}

const textLimit = ({ maxFieldBytes }: FormLimits): number => MAX_OTHER_BYTES + 2 * maxFieldBytes;

/** The model, when it stands before the image: a quote within a string has a backslash before it, so this is no prompt's. */
function modelBefore({
  textSoFar,
}: Extract<JsonPart, { kind: 'data-uri' }>): Map<string, string> | undefined {
  const [, model] = /[{,]\s*"model"\s*:\s*"([^"\\]*)"/.exec(textSoFar) ?? [];
  return model === undefined ? undefined : new Map([['model', model]]);
}

interface Sorted {
  readonly inline: readonly ReceivedImage[];
  readonly urls: readonly { readonly index: number; readonly url: string }[];
  readonly files: readonly FileReference[];
}

/** Each image by where it comes from. */
function sort(images: readonly ImageReference[], inline: ReadonlyMap<string, ReceivedImage>): Sorted {
  const sorted = {
    inline: [] as ReceivedImage[],
    urls: [] as { index: number; url: string }[],
    files: [] as FileReference[],
  };
  images.forEach((image, index) => {
    const param = `images[${index}]`;
    if ('file_id' in image) {
      sorted.files.push({ index, param: `${param}.file_id`, id: image.file_id });
      return;
    }
    const { image_url: url } = image;
    const received = inline.get(url);
    if (received?.index === index) sorted.inline.push(received);
    else if (/^https?:\/\//i.test(url)) sorted.urls.push({ index, url });
    else {
      throw badRequest(`${param}.image_url must be an http(s) URL or a base64 data URI.`, {
        code: 'invalid_value',
        param: `${param}.image_url`,
      });
    }
  });
  if (sorted.inline.length === inline.size) return sorted;
  throw badRequest('A data URI can only be the image_url of an image.', {
    code: 'invalid_value',
    param: 'images',
  });
}

const tooMany = (most: number): Error =>
  badRequest(`At most ${most} images can be sent.`, { code: 'too_many_images', param: 'images' });

const cutShort = (cause: unknown): Error =>
  badRequest('The JSON is cut short.', { code: 'invalid_json', cause });
